import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { contentDigest } from '@stagewright/metadata'
import { describe, expect, test } from 'vitest'

import { readRun } from '../src/index.js'
import { lineOf } from '../src/run/journal.js'
import { chain as served } from './killed-chain.mjs'
import { answers, chain, chainCalls, Workplace } from './workplace.js'

test('a server that dies in the middle ends the run; resumed, no finished call is made again', async () => {
  await using place = await Workplace.make()
  await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
  await using backend = webui({ url: fake.url, pollInterval: 20 })
  const pipeline = createPipeline({ backend, stages: place.stages })
  const made = () =>
    fake.requests.filter(({ path }) => /\/(txt2img|img2img|extra-single-image)$/.test(path)).length
  const store = place.store({ cache: false })
  fake.faults.add({ kind: 'crash', skip: 5 })
  await expect(store.run(pipeline, served as typeof chain)).rejects.toMatchObject({
    code: 'SW_BACKEND_LOST',
  })
  const [folder = ''] = await store.folders()
  const done = (await answers(folder)).length
  expect(done).toBeGreaterThan(0)
  await fake.restart()
  const before = made()
  const result = await store.resume(pipeline, folder)
  expect(result.status).toBe('done')
  const calls = made() - before
  const whole = await store.run(pipeline, served as typeof chain)
  expect(calls).toBe(made() - before - calls - done)
  const pixels = async (images: typeof whole.images) =>
    Promise.all(images.map(async (image) => contentDigest(await image.bytes())))
  expect(await pixels(result.images)).toEqual(await pixels(whole.images))
})

describe('a journal', () => {
  test.each([1, 2, 9, 100])(
    'whose last line lacks %i bytes loses that line only, and goes on',
    async (bytes) => {
      await using place = await Workplace.make()
      const store = place.store({ cache: false })
      const { folder } = await store.run(place.pipeline(), chain)
      const path = join(folder, 'journal.jsonl')
      const whole = await readRun(folder)
      await truncate(path, (await readFile(path)).length - bytes)
      const torn = await readRun(folder)
      expect(torn.status).toBe('interrupted')
      expect(torn.events).toHaveLength(whole.events.length - 1)
      expect(torn.problems).toEqual([`line ${whole.events.length} was not written to its end`])
      await store.resume(place.pipeline(), folder)
      expect(place.backend.made).toHaveLength(chainCalls)
      expect(await readRun(folder)).toMatchObject({ status: 'done', problems: [] })
    },
  )

  test('with a damaged line in the middle costs the call of that line', async () => {
    await using place = await Workplace.make()
    const store = place.store({ cache: false })
    const { folder } = await store.run(place.pipeline(), chain)
    const path = join(folder, 'journal.jsonl')
    const lines = (await readFile(path, 'utf8')).split('\n')
    const at = lines.findIndex((line) => /"call_finished".*"stage":"upscale"/.test(line))
    lines[at] = lines[at]?.replace('upscale', 'upscalf') ?? ''
    await writeFile(path, lines.join('\n'))
    expect((await readRun(folder)).problems).toEqual([
      `line ${at + 1} is damaged and was passed over`,
    ])
    place.backend.made.length = 0
    await store.resume(place.pipeline(), folder)
    expect(place.backend.made).toEqual(['upscale'])
  })

  test('or a record of a newer version is left as it is, and the remedy told', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const newer = { code: 'SW_STORE_NEWER', hint: expect.stringContaining('update stagewright') }
    const { folder } = await store.run(place.pipeline(), chain)
    const record = join(folder, 'run.json')
    const text = await readFile(record, 'utf8')
    await writeFile(record, text.replace('"v": 1', '"v": 2'))
    await expect(store.reopen(folder)).rejects.toMatchObject(newer)
    await writeFile(record, text)
    const line = lineOf({ type: 'journal', at: new Date(0).toISOString(), v: 2, run_id: 'x' })
    await appendFile(join(folder, 'journal.jsonl'), line)
    await expect(store.reopen(folder)).rejects.toMatchObject(newer)
  })
})

test.each([
  ['truncated', (path: string) => truncate(path, 100)],
  ['missing', (path: string) => rm(path)],
] as const)(
  'a picture of an interrupted run that is %s costs the call that made it, and no other',
  async (_, damage) => {
    await using place = await Workplace.make()
    const store = place.store({ cache: false })
    const whole = await store.run(place.pipeline(), chain)
    const journal = join(whole.folder, 'journal.jsonl')
    const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n')
    const lastCall = lines.findLastIndex((line) => line.includes('"call_started"'))
    await writeFile(journal, `${lines.slice(0, lastCall + 1).join('\n')}\n`)
    const { events, status } = await readRun(whole.folder)
    expect(status).toBe('interrupted')
    const [victim] = events.flatMap((event) =>
      event.type === 'call_finished' && event.stage === 'upscale' ? event.entry.images : [],
    )
    await damage(store.objects.path(victim?.digest ?? ''))
    place.backend.made.length = 0
    const resumed = await place.store({ cache: false }).resume(place.pipeline(), whole.folder)
    expect(place.backend.made).toEqual(['upscale', 'adetailer'])
    expect(resumed.images.map(({ digest }) => digest)).toEqual(
      whole.images.map(({ digest }) => digest),
    )
  },
)

test.each([
  ['of a process that is gone', { pid: 2 ** 22 + 1 }],
  ['whose number another process has now', { pid: process.pid, began: '1' }],
])('a lock %s is taken over', async (_, holder) => {
  await using place = await Workplace.make()
  const store = place.store()
  const { folder } = await store.run(place.pipeline(), chain)
  const { hostname } = await import('node:os')
  await writeFile(join(folder, 'run.lock'), JSON.stringify({ host: hostname(), ...holder }))
  expect((await store.resume(place.pipeline(), folder)).status).toBe('done')
})
