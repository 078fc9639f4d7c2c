import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { webui } from '@stagewright/backend-webui'
import { createPipeline, type RunResult, type Stage } from '@stagewright/core'
import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '@stagewright/fake-webui'
import { contentDigest } from '@stagewright/metadata'
import { adetailer } from '@stagewright/stage-adetailer'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readRun, RunStore } from '../src/index.js'
import { chain } from './killed-chain.mjs'

const stages: readonly Stage[] = [txt2img, refiner, upscale, adetailer]
/** txt2img twice two pictures; refiner, upscale and adetailer once for each of four. */
const calls = 14
/** The journal and the attempt, two lines a stage and two a call, a warning for each picture, the end. */
const lines = 2 + 2 * 4 + 2 * calls + 4 + 1

const folders: string[] = []
afterAll(() => Promise.all(folders.map((one) => rm(one, { recursive: true, force: true }))))

async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stagewright-kill-'))
  folders.push(folder)
  return folder
}

function fakeServer(options: Partial<FakeWebuiOptions> = {}): Promise<FakeWebui> {
  return startFakeWebui({ dialect: 'a1111', tinyPictures: true, ...options })
}

/** The child in one file, made from the sources: a process starts it in half of the time. */
const bundle = join(import.meta.dirname, '../out')
beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@stagewright/source', 'node'] },
    ssr: { noExternal: true, external: ['libsql', 'sharp'] },
    build: {
      ssr: join(import.meta.dirname, 'killed-child.mjs'),
      outDir: bundle,
      rolldownOptions: { treeshake: false, output: { codeSplitting: false } },
    },
  })
})
afterAll(() => rm(bundle, { recursive: true, force: true }))

function child(fake: FakeWebui, root: string, line: number): ChildProcess {
  const script = join(bundle, 'killed-child.js')
  return spawn(process.execPath, [script, fake.url, root, String(line)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** Runs the chain in another process, which is killed at a line of its journal. */
async function killedAt(line: number, fake: FakeWebui): Promise<string> {
  const root = await place()
  const [code, signal] = (await once(child(fake, root, line), 'exit')) as [number, string]
  expect([code, signal]).toEqual([null, 'SIGKILL'])
  const [folder = ''] = await new RunStore({ root }).folders()
  return folder
}

async function resumed(fake: FakeWebui, folder: string): Promise<RunResult> {
  await using backend = webui({ url: fake.url, pollInterval: 20 })
  await using pipeline = createPipeline({ backend, stages })
  const store = new RunStore({ root: join(folder, '..') })
  const { run, before } = await store.reopen(folder)
  await run.settle(backend)
  const result = await pipeline.run(before.record?.config ?? {}, run.options)
  await run.end(result)
  return result
}

const generating = /\/(?:txt2img|img2img|extra-single-image)$/
const madeBy = (fake: FakeWebui) => fake.requests.filter(({ path }) => generating.test(path)).length

async function pixels(result: RunResult): Promise<(string | undefined)[]> {
  return Promise.all(result.images.map(async (image) => contentDigest(await image.bytes())))
}

describe('a run that is killed', () => {
  let whole: {
    readonly pictures: readonly (string | undefined)[]
    readonly files: readonly string[]
    readonly calls: number
    readonly lines: number
  }

  beforeAll(async () => {
    await using fake = await fakeServer()
    await using backend = webui({ url: fake.url, pollInterval: 20 })
    await using pipeline = createPipeline({ backend, stages })
    const result = await new RunStore({ root: await place() }).run(pipeline, chain)
    const { events } = await readRun(result.folder)
    const last = events.at(-1)
    const saved = last?.type === 'run_finished' ? last.images.map(({ path }) => path) : []
    whole = {
      pictures: await pixels(result),
      files: saved,
      calls: madeBy(fake),
      lines: events.length,
    }
  })

  test('would have made so many calls, and written so many lines, if nobody had killed it', () => {
    expect([whole.calls, whole.lines]).toEqual([calls, lines])
  })

  test.concurrent.each(Array.from({ length: lines - 2 }, (_, i) => i + 2))(
    'at line %i of its journal comes to its end when it is resumed: the same pictures, no finished call made again',
    async (line) => {
      await using fake = await fakeServer()
      const folder = await killedAt(line, fake)
      const killed = await readRun(folder)
      // Killed while it told of its end, it had come to it.
      expect(killed.status).toBe(line === lines ? 'done' : 'interrupted')
      expect(killed.events).toHaveLength(line)
      const finished = killed.events.filter(({ type }) => type === 'call_finished').length
      const before = madeBy(fake)
      expect(before - finished).toBeLessThanOrEqual(1)
      const result = await resumed(fake, folder)
      expect(result.status).toBe('done')
      expect(madeBy(fake) - before).toBe(calls - finished)
      expect(await pixels(result)).toEqual(whole.pictures)
      const after = await readRun(folder)
      expect([after.status, after.problems]).toEqual(['done', []])
      for (const name of whole.files)
        expect((await readFile(join(folder, name))).length).toBeGreaterThan(0)
    },
  )

  test('before its first call left nothing that could go on, and says so', async () => {
    await using fake = await fakeServer()
    const root = await place()
    await once(child(fake, root, 1), 'exit')
    const store = new RunStore({ root })
    const [folder = ''] = await store.folders()
    await expect(store.reopen(folder)).rejects.toMatchObject({ code: 'SW_STORE_NOT_A_RUN' })
    expect(madeBy(fake)).toBe(0)
  })

  test('while the server was at a call waits until the server is done with it, then makes it again', async () => {
    await using fake = await fakeServer()
    fake.faults.add({ kind: 'stall', at: 'during', step: 1 })
    // Line 4 is the start of the first call.
    const folder = await stalledAndKilled(fake)
    const end = resumed(fake, folder)
    await fake.until(({ job }) => job !== '' && asked(fake) >= 2)
    expect(madeBy(fake)).toBe(1)
    fake.faults.release()
    expect((await end).status).toBe('done')
    expect(madeBy(fake)).toBe(calls + 1)
  })
})

describe('two processes', () => {
  test('cannot work on one run: the second is refused, and told which has it', async () => {
    await using fake = await fakeServer()
    fake.faults.add({ kind: 'stall', at: 'during', step: 1 })
    const root = await place()
    const running = child(fake, root, 0)
    await fake.until(({ job }) => job !== '')
    const store = new RunStore({ root })
    const [folder = ''] = await store.folders()
    expect((await readRun(folder)).status).toBe('running')
    await expect(store.reopen(folder)).rejects.toMatchObject({
      code: 'SW_STORE_RUN_LOCKED',
      details: { pid: running.pid },
    })
    fake.faults.release()
    expect(await once(running, 'exit')).toEqual([0, null])
    expect((await readRun(folder)).status).toBe('done')
  })

  test('that need the same calls at once make each of them once', async () => {
    await using fake = await fakeServer()
    const root = await place()
    const both = [child(fake, root, 0), child(fake, root, 0)]
    expect(await Promise.all(both.map((one) => once(one, 'exit')))).toEqual([
      [0, null],
      [0, null],
    ])
    expect(madeBy(fake)).toBe(calls)
    expect(await new RunStore({ root }).folders()).toHaveLength(2)
  })
})

const asked = (fake: FakeWebui) =>
  fake.requests.filter(({ path }) => path === '/internal/progress').length

/** Killed from outside, once the server is at its first call. */
async function stalledAndKilled(fake: FakeWebui): Promise<string> {
  const root = await place()
  const running = child(fake, root, 0)
  await fake.until(({ job }) => job !== '')
  running.kill('SIGKILL')
  await once(running, 'exit')
  const seen = asked(fake)
  await fake.until(() => asked(fake) >= seen)
  const [folder = ''] = await new RunStore({ root }).folders()
  return folder
}
