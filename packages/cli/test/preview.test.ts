import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { PreviewFile } from '../src/output/preview-file.js'
import { Workplace } from './support.js'

const small = `
prompt: "a lighthouse keeper"
seed: 41
width: 64
height: 64
steps: 4
txt2img:
`

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('small.yaml', small)
})
afterEach(() => place[Symbol.asyncDispose]())

describe('run --preview', () => {
  test('keeps the newest preview in the folder while it runs, and removes it when it is done', async () => {
    await using fake = await stalled()
    const { code, events } = await previewed(fake.url, () => fake.faults.release())
    expect([code, events.at(-1)]).toMatchObject([0, { status: 'done', warnings: [] }])
    const first = events.find(({ type }) => type === 'preview')
    expect(Object.keys(first ?? {})).toEqual(['type', 'stage', 'path'])
    expect(first).toMatchObject({ stage: 'txt2img', path: expect.stringMatching(/preview\.png$/) })
    const files = await place.files('out')
    expect(files.filter((name) => name.includes('preview'))).toEqual([])
    expect(files.some((name) => name.endsWith('final/01-s41.png'))).toBe(true)
  })

  test('leaves it there when the run is cancelled', async () => {
    await using fake = await stalled()
    const stop = new AbortController()
    const { code, events } = await previewed(fake.url, () => stop.abort(), stop.signal)
    expect([code, events.at(-1)]).toMatchObject([130, { status: 'cancelled' }])
    const files = await place.files('out')
    expect(files.filter((name) => name.endsWith('/preview.png'))).toHaveLength(1)
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('tells people once where it is', async () => {
    await using fake = await stalled()
    let out = ''
    const write = (text: string) => {
      out += text
      if (text.startsWith('preview in')) fake.faults.release()
    }
    const argv = ['run', 'small.yaml', '--backend', fake.url, '--preview']
    expect((await place.cli(argv, { stdout: { write } })).code).toBe(0)
    expect(out.match(/^preview in .*$/gm)).toEqual([expect.stringMatching(/preview\.png$/)])
  })

  test('without it no preview is asked for', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    const { lines } = await place.cli(['run', 'small.yaml', '--backend', fake.url, '--json'])
    expect(lines.filter(({ type }) => type === 'preview')).toEqual([])
    expect(
      fake.requests.filter(({ body }) => JSON.stringify(body)?.includes('view":true')),
    ).toEqual([])
  })

  test('a backend that has none is told of, and the run goes on', async () => {
    const sketched = await place.cli(['run', 'small.yaml', '--preview'])
    expect([sketched.code, sketched.out]).toEqual([
      0,
      expect.stringContaining('! --preview: sketch shows no pictures while it makes them\n'),
    ])
    await using fake = await startFakeWebui({ dialect: 'sdnext', tinyPictures: true })
    const argv = ['run', 'small.yaml', '--backend', fake.url, '--preview', '--json', '--quiet']
    const ended = await place.cli(argv)
    expect([ended.code, ended.lines.at(-1)?.['warnings']]).toEqual([
      0,
      [expect.stringMatching(/^--preview: SD\.Next.* shows no pictures/)],
    ])
  })
})

describe('the file of the preview', () => {
  const show = (of: PreviewFile, text: string, mediaType = 'image/png') =>
    of.observer({ type: 'preview', stage: 'txt2img', bytes: Buffer.from(text), mediaType })

  test('of those that come while one is written only the last is written, by its own ending', async () => {
    const folder = join(place.path, 'x')
    const written: [string, boolean][] = []
    const file = new PreviewFile(
      () => folder,
      ({ path }, first) => written.push([path.slice(-4), first]),
    )
    for (const text of ['one', 'two', 'three'])
      show(file, text, text === 'one' ? undefined : 'image/jpeg')
    expect(await file.end(false)).toEqual([])
    expect(written).toEqual([
      ['.png', true],
      ['.jpg', false],
    ])
    show(file, 'late')
    expect(await place.files('x')).toEqual(['preview.jpg'])
    expect(await place.read('x/preview.jpg')).toBe('three')
  })

  test('one that cannot be written is told, and is no error', async () => {
    await place.put('taken', '')
    const file = new PreviewFile(
      () => join(place.path, 'taken'),
      () => {},
    )
    show(file, 'one')
    expect(await file.end(true)).toEqual([
      expect.stringMatching(/^the preview could not be written: .*taken/),
    ])
  })
})

/** A server that works up to the second step, and then waits. */
async function stalled() {
  const fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
  fake.faults.add({ kind: 'stall', at: 'during', step: 2 })
  return fake
}

/** A run with `--preview --json`; `shown` is called at the first preview, whose file is there. */
async function previewed(url: string, shown: () => void, signal?: AbortSignal) {
  const events: Record<string, unknown>[] = []
  const write = (text: string) => {
    const event = JSON.parse(text) as Record<string, unknown>
    events.push(event)
    if (event['type'] !== 'preview') return
    expect(existsSync(String(event['path']))).toBe(true)
    shown()
  }
  const argv = ['run', 'small.yaml', '--backend', url, '--preview', '--json']
  const { code } = await place.cli(argv, { stdout: { write }, signal })
  return { code, events }
}
