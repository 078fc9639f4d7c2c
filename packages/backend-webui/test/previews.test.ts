import { createPipeline, type Preview, readImageHeader, type RunEvent } from '@stagewright/core'
import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { txt2img } from '@stagewright/stage-txt2img'
import { describe, expect, test } from 'vitest'

import { webui } from '../src/index.js'
import { failure } from './generate-call.js'
import { png } from './pictures.js'
import { interruptPath, watched } from './watched-generation.js'

describe('live previews', () => {
  test.each(['a1111', 'forge', 'reforge'] as const)(
    'of our own task are shown while it runs on %s',
    async (dialect) => {
      await using fake = await startFakeWebui({ dialect, tinyPictures: true })
      fake.faults.add({ kind: 'stall', at: 'during', step: 2 })
      const { status, previews } = await run(fake, true)
      expect(status).toBe('done')
      const pictures = previews.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
      expect(new Set(pictures).size).toBe(pictures.length)
      expect(previews[0]).toMatchObject({ stage: 'txt2img', mediaType: 'image/png' })
      expect(readImageHeader(previews[0]?.bytes ?? new Uint8Array())).toMatchObject({ width: 64 })
      expect(fake.requests.filter(({ path }) => path === '/sdapi/v1/txt2img')).toHaveLength(1)
    },
  )

  test('are not asked for where nobody wants to see any', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    fake.faults.add({ kind: 'stall', at: 'during', step: 2 })
    const { status, previews } = await run(fake, false)
    expect([status, previews, fake.requests.filter(asksForOne)]).toEqual(['done', [], []])
  })

  test.each(['sdnext', 'sdcpp'] as const)('there are none on %s', async (dialect) => {
    await using fake = await startFakeWebui({ dialect, tinyPictures: true })
    const { status, previews } = await run(fake, true)
    expect([status, previews, fake.requests.filter(asksForOne)]).toEqual(['done', [], []])
  })

  test('a server says beforehand whether it has any', async () => {
    const says = async (options: Parameters<typeof startFakeWebui>[0]) => {
      await using fake = await startFakeWebui(options)
      await using backend = webui({ url: fake.url })
      return (await backend.describe()).previews
    }
    expect(await says({ dialect: 'forge' })).toBe(true)
    expect(await says({ dialect: 'forge', settings: { live_previews_enable: false } })).toBe(false)
    expect(await says({ dialect: 'sdnext' })).toBe(false)
    expect(await says({ dialect: 'sdcpp' })).toBe(false)
  })

  test('come once each, by their number, and the last one known is named to the server', async () => {
    await using scene = await scened()
    await scene.poll(running(1, uri(png())))
    await scene.poll(running(1, uri(png())))
    await scene.poll(running(1, null))
    await scene.poll(running(2, uri(jpeg, 'image/png')))
    scene.finish()
    await scene.pending
    expect(scene.seen.map(({ mediaType }) => mediaType)).toEqual(['image/png', 'image/jpeg'])
    expect(scene.seen[0]?.bytes).toEqual(new Uint8Array(png()))
    expect(scene.asked()).toEqual([-1, 1, 1, 1])
  })

  test.each([
    ['is no data URI', 'http://127.0.0.1/preview.png'],
    ['is no picture', uri(Buffer.from('<svg/>'), 'image/svg+xml')],
    ['is no base64', 'data:image/png;base64,%%%'],
    ['is no text', 7],
    ['is too large', uri(Buffer.concat([png(), Buffer.alloc(16 * 2 ** 20)]))],
  ])('what %s is left alone', async (_, live) => {
    await using scene = await scened()
    await scene.poll(running(1, live))
    scene.finish()
    expect([await scene.pending, scene.seen]).toMatchObject([{ status: 200 }, []])
  })

  test('of a task that does not run are left alone', async () => {
    await using scene = await scened()
    await scene.poll({ ...running(1, uri(png())), active: false, queued: true })
    scene.finish()
    await scene.pending
    expect(scene.seen).toEqual([])
  })

  test('are not asked for again where a server fails to make one: progress goes on', async () => {
    await using scene = await scened()
    await scene.poll(500)
    await scene.poll(running(1, null))
    scene.finish()
    await scene.pending
    expect(scene.asked()).toEqual([-1, undefined])
    expect(scene.told).toEqual([0.5, 1])
  })

  test('who fails to show one breaks nothing', async () => {
    await using scene = await scened(() => {
      throw new Error('no screen')
    })
    await scene.poll(running(1, uri(png())))
    scene.finish()
    expect(await scene.pending).toMatchObject({ status: 200 })
  })

  test('a cancel asks for none', async () => {
    const reason = new Error('enough')
    await using scene = await scened()
    scene.says = running(1, uri(png()))
    scene.stop.abort(reason)
    await scene.server.nth(interruptPath, 1)
    scene.finish()
    expect(await failure(scene.pending)).toBe(reason)
    expect([scene.asked(), scene.seen]).toEqual([[undefined], []])
  })
})

/** A run that stalls until there is something to be seen: a preview, or progress where none is wanted. */
async function run(fake: FakeWebui, previews: boolean) {
  await using backend = webui({ url: fake.url, pollInterval: 5 })
  const seen: Extract<RunEvent, { type: 'preview' }>[] = []
  const observers = [
    (event: RunEvent) => {
      if (event.type === 'preview') seen.push(event)
      const enough = previews ? event.type === 'preview' : event.type === 'stage-progress'
      if (enough) fake.faults.release()
    },
  ]
  const pipeline = createPipeline({ backend, stages: [txt2img], observers, previews })
  const config = { prompt: 'a cat', seed: 1, width: 64, height: 64, steps: 4, txt2img: {} }
  const { status } = await pipeline.run(config)
  return { status, previews: seen }
}

function asksForOne({ body }: { readonly body: unknown }): boolean {
  return (body as { live_preview?: unknown } | undefined)?.live_preview === true
}

/** A generation whose previews are kept. */
async function scened(show: (picture: Preview) => void = () => {}) {
  const seen: Preview[] = []
  const onPreview = (picture: Preview) => {
    seen.push(picture)
    show(picture)
  }
  const scene = await watched({ options: { interrupt: true, onPreview } })
  /** The numbers that were named, undefined where no preview was asked for. */
  const asked = () =>
    scene.server.received
      .filter(({ path }) => path === '/internal/progress')
      .map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>)
      .map((body) => (body['live_preview'] === true ? body['id_live_preview'] : undefined))
  return Object.assign(scene, { seen, asked })
}

function running(id: number, live: unknown) {
  const state = { active: true, queued: false, completed: false, progress: 0.5 }
  return { ...state, live_preview: live, id_live_preview: id }
}

function uri(bytes: Uint8Array, type = 'image/png'): string {
  return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`
}

/** As much of a JPEG as tells what it is. */
const jpeg = Buffer.from('ffd8ffc0000b080008000801011100ffd9', 'hex')
