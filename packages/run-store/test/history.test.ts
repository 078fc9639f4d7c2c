import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { History, rate, readRun, type RunQuery, RunStore } from '../src/index.js'
import { lockRun, unlockRun } from '../src/run/run-lock.js'
import { digestOf, finished, goOn, keepRun, nameOf, picture } from './kept-runs.js'

let root: string
let history: History
let problems: string[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stagewright-history-'))
  problems = []
  history = new History({ root, onProblem: (problem) => problems.push(problem) })
})
afterEach(async () => {
  history.close()
  await rm(root, { recursive: true, force: true })
})

const names = async (...query: Parameters<History['list']>): Promise<string[]> =>
  (await history.list(...query)).runs.map(({ name }) => name)

describe('the list of runs', () => {
  test('shows the newest first, with what each made on what', async () => {
    await keepRun(root, { name: 'old', at: '2025-01-01T00:00:00.000Z', id: 'a'.repeat(36) })
    const folder = await keepRun(root, {
      name: 'new',
      at: '2025-02-01T00:00:00.000Z',
      id: 'b'.repeat(36),
      prompt: 'a pier',
      negativePrompt: 'rain',
      seeds: [7, 8],
    })
    const { runs, total } = await history.list()
    expect([total, runs.map(({ name }) => name)]).toEqual([2, ['new', 'old']])
    expect(runs[0]).toEqual({
      runId: 'b'.repeat(36),
      folder,
      name: 'new',
      createdAt: '2025-02-01T00:00:00.000Z',
      status: 'done',
      ms: 90,
      prompt: 'a pier',
      negativePrompt: 'rain',
      model: 'sd_xl_base_1.0',
      backend: 'webui',
      dialect: 'a1111',
      server: 'http://127.0.0.1:7860',
      planHash: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      seed: 7,
      error: null,
      pictureCount: 2,
    })
  })

  test('is empty where nothing was run', async () => {
    expect(await history.list()).toEqual({ runs: [], total: 0 })
    expect(await new History({ root: join(root, 'nowhere') }).list()).toEqual({
      runs: [],
      total: 0,
    })
    expect(problems).toEqual([])
  })

  test('is narrowed by model and time, and shown in pages', async () => {
    const month = (n: number): string => `2025-0${n}-01T00:00:00.000Z`
    for (const n of [1, 2, 3, 4])
      await keepRun(root, {
        name: `run${n}`,
        at: month(n),
        model: n < 3 ? 'SDXL_base' : 'flux-dev',
      })
    expect(await names({ model: 'sdxl_' })).toEqual(['run2', 'run1'])
    expect(await names({ model: '%' })).toEqual([])
    expect(await names({ since: new Date(month(2)), until: new Date(month(4)) })).toEqual([
      'run3',
      'run2',
    ])
    const page = await history.list({ limit: 2, offset: 1 })
    expect([page.total, page.runs.map(({ name }) => name)]).toEqual([4, ['run3', 'run2']])
  })

  test('finds words of prompts, name and model, or how they begin, without regard to accents', async () => {
    await keepRun(root, { name: 'portrait', prompt: 'a fisherman in a yellow raincoat, café' })
    await keepRun(root, { name: 'vase', prompt: 'a terracotta vase', negativePrompt: 'blurry' })
    expect(await names({ text: 'Fisher cafe' })).toEqual(['portrait'])
    expect(await names({ text: 'blurry' })).toEqual(['vase'])
    expect(await names({ text: 'portr' })).toEqual(['portrait'])
    expect(await names({ text: 'sd_xl_base_1' })).toHaveLength(2)
    expect(await names({ text: 'fisherman vase' })).toEqual([])
    expect(await names({ text: ' ' })).toHaveLength(2)
  })

  test('knows how long checkpoints took to load on a server, and calls without their loads', async () => {
    const load = (model: string, ms: number) => [{ model, ms }]
    for (const [i, ms] of [9000, 8000, 30_000].entries())
      await keepRun(root, { folder: `a${i}`, ms: ms + 500, loads: load('a', ms) })
    await keepRun(root, { folder: 'b', ms: 2500, loads: load('b', 2000) })
    await keepRun(root, { folder: 'kept', ms: 1, source: 'kept', loads: load('b', 99) })
    await keepRun(root, { folder: 'elsewhere', server: 'http://other', loads: load('a', 1) })
    await keepRun(root, { folder: 'before', ms: 500 })
    const broken = [{ model: 7, ms: -1 }] as never
    await keepRun(root, { folder: 'broken', ms: 500, loads: broken })
    await history.list()
    const server = { kind: 'webui', dialect: 'a1111', server: 'http://127.0.0.1:7860' }
    expect(await history.loadTimes(server)).toEqual({ a: 9000, b: 2000 })
    expect(await history.loadTimes({ ...server, server: 'http://other' })).toEqual({ a: 1 })
    expect(await history.loadTimes({ kind: 'elsewhere' })).toEqual({})
    const { plan } = (await readRun(join(root, 'before'))).record!
    expect(await history.estimate(plan, server)).toMatchObject({ ms: 500, stages: [{ from: 5 }] })
    await history.rebuild()
    expect(await history.loadTimes(server)).toEqual({ a: 9000, b: 2000 })
  })

  test('takes what a user types as words, never as a query', async () => {
    await keepRun(root, { name: 'one', prompt: 'cat OR dog, (masterpiece:1.2)' })
    await keepRun(root, { name: 'two', prompt: 'dog' })
    expect(await names({ text: 'cat OR dog' })).toEqual(['one'])
    expect(await names({ text: '(masterpiece:1.2)' })).toEqual(['one'])
    for (const text of ['"', "'", '*', 'prompt:dog AND', 'NEAR(cat', '- ^ {', 'a"b', '\0', 'NOT'])
      expect(await names({ text })).toEqual([])
  })

  test('knows a run that was killed from one that is running', async () => {
    const killed = await keepRun(root, { name: 'killed', status: undefined })
    const running = await keepRun(root, { name: 'running', status: undefined })
    await keepRun(root, { name: 'failed', status: 'failed' })
    await lockRun(running)
    // The lock of a process that is gone.
    await writeFile(
      join(killed, 'run.lock'),
      (await readFile(join(running, 'run.lock'), 'utf8')).replace(/"pid":\d+/, '"pid":4194303'),
    )
    expect(await names({ status: 'running' })).toEqual(['running'])
    expect(await history.list({ status: 'interrupted', limit: 1 })).toMatchObject({
      runs: [{ name: 'killed', status: 'interrupted', ms: null }],
      total: 1,
    })
    expect((await history.list({ status: 'failed' })).runs).toMatchObject([
      { name: 'failed', error: 'SW_BACKEND_GONE' },
    ])
    await unlockRun(running)
    expect(await names({ status: 'running' })).toEqual([])
  })

  test('follows the folders: one that came, one that went, one that was gone on with', async () => {
    const killed = await keepRun(root, { name: 'killed', status: undefined })
    const lost = await keepRun(root, { name: 'lost' })
    expect(await names()).toHaveLength(2)
    await rm(lost, { recursive: true })
    await keepRun(root, { name: 'came' })
    await goOn(killed, [finished('done', [picture(7, 'final/01-s7.png')])])
    const { runs } = await history.list()
    expect(runs.map(({ name, status }) => `${name} ${status}`).toSorted()).toEqual([
      'came done',
      'killed done',
    ])
    expect(await history.run(lost)).toBeUndefined()
    for (const one of runs) await rm(one.folder, { recursive: true })
    expect(await names()).toEqual([])
    await keepRun(root, { name: 'next' })
    expect(await names({ text: 'came' })).toEqual([])
    expect(await names({ text: 'next' })).toEqual(['next'])
  })

  test('passes over a folder that cannot be read, and says so', async () => {
    await keepRun(root, { name: 'fine' })
    const newer = await keepRun(root, { folder: 'newer' })
    const text = await readFile(join(newer, 'run.json'), 'utf8')
    await writeFile(join(newer, 'run.json'), text.replace('"v":1', '"v":99'))
    await mkdir(join(root, 'photos'))
    await writeFile(join(root, 'notes.txt'), 'not a folder')
    expect(await names()).toEqual(['fine'])
    expect(problems.join('\n')).toMatch(/^newer is not in the history: .* has format 99/m)
    expect(problems.join('\n')).not.toContain('photos')
  })
})

describe('a run by its name', () => {
  test('is found by id, by folder, and by the beginning of either', async () => {
    const id = '0f8e1a52-aaaa-4bbb-8ccc-000000000000'
    const folder = await keepRun(root, { id, folder: '20251123-174205-cat' })
    await keepRun(root, {
      id: '1f8e1a52-aaaa-4bbb-8ccc-000000000000',
      folder: '20251124-000000-dog',
    })
    for (const name of [id, folder, '20251123-174205-cat', '0f8e', '20251123'])
      expect(await history.run(name)).toMatchObject({ runId: id, folder })
    expect(await history.run('20251123%')).toBeUndefined()
    expect(await history.run('')).toBeUndefined()
    await expect(history.run('2025')).rejects.toMatchObject({
      code: 'SW_HISTORY_AMBIGUOUS',
      message: '"2025" may be either of 20251123-174205-cat, 20251124-000000-dog',
    })
  })

  test('shows its stages with what was made and kept, and its pictures', async () => {
    const folder = await keepRun(root, { source: 'kept', seeds: [7] })
    const run = await history.run(folder)
    expect(run?.stages).toEqual([
      { name: 'txt2img', outcome: 'done', ms: 1000, calls: 1, made: 0, kept: 1 },
    ])
    expect(run?.pictures).toMatchObject([
      { place: 'final', path: 'final/01-s7.png', file: join(folder, 'final/01-s7.png') },
      { place: 'stage', stage: 'txt2img', seed: 7, width: 512, lineage: ['txt2img'] },
    ])
  })
})

describe('a picture by its name', () => {
  test('is found by the beginning of its digest, in the newest run, and by its file', async () => {
    const old = await keepRun(root, { at: '2025-01-01T00:00:00.000Z', seeds: [7] })
    const recent = await keepRun(root, { at: '2025-02-01T00:00:00.000Z', seeds: [7] })
    const digest = digestOf('picture 7')
    const found = await history.picture(digest.slice(0, 8).toUpperCase())
    expect(found).toMatchObject({ digest, folder: recent, place: 'final', rating: null })
    await mkdir(join(old, 'final'))
    await writeFile(join(old, 'final/01-s7.png'), '')
    for (const name of [join(old, 'final/01-s7.png'), `${nameOf({ folder: old })}/final/01-s7.png`])
      expect(await history.picture(name)).toMatchObject({ digest, folder: old })
    for (const name of ['abc', digest.slice(0, 3), 'final/none.png', '../x', `${digest}0`])
      expect(await history.picture(name)).toBeUndefined()
  })

  test('never lies outside the folder of its run, whatever a journal says', async () => {
    const folder = await keepRun(root, { status: undefined })
    const outside = ['../../secret.png', '/etc/passwd', 'final/../../x.png', '..']
    await goOn(folder, [
      finished(
        'done',
        outside.map((path, i) => picture(100 + i, path)),
      ),
    ])
    const run = await history.run(folder)
    expect(run?.pictures.map(({ path }) => path)).toEqual(['stages/1-txt2img/01-s7.png'])
  })
})

describe('ratings', () => {
  const store = (): RunStore => new RunStore({ root, now: () => new Date('2025-12-01T00:00:00Z') })

  test('stay in the journal of the run, and are shown with the picture', async () => {
    const folder = await keepRun(root, { seeds: [7, 8] })
    const eight = digestOf('picture 8')
    const { picture: rated, problem } = await rate(store(), eight, 4, 'the hands are good')
    expect([rated.rating, rated.note, problem]).toEqual([4, 'the hands are good', undefined])
    expect((await readRun(folder)).events.at(-1)).toMatchObject({
      type: 'rated',
      digest: eight,
      rating: 4,
      note: 'the hands are good',
    })
    expect(await history.picture(eight)).toMatchObject({ rating: 4, note: 'the hands are good' })
    expect((await readRun(folder)).status).toBe('done')
    await history.rebuild()
    expect(await history.picture(eight)).toMatchObject({ rating: 4 })
  })

  test('give the learning record of the picture, with rating and note', async () => {
    await keepRun(root, { seeds: [7, 8], id: 'c'.repeat(36) })
    const { learningLine } = await rate(store(), digestOf('picture 8'), 2, 'flat')
    expect(learningLine).toMatch(/\n$/)
    expect(JSON.parse(learningLine ?? '')).toMatchObject({
      run_id: 'c'.repeat(36),
      timestamp: expect.stringMatching(/^\d{4}-/) as string,
      primary_model: 'sd_xl_base_1.0',
      steps: 20,
      stages: [{ name: 'txt2img', outcome: 'done', ms: 1000 }],
      seeds: [8],
      outputs: [digestOf('picture 8')],
      metadata: { rating: 2, note: 'flat' },
    })
  })

  test('the newest counts, whichever run it was given in; the best pictures come first, each once', async () => {
    const at = (day: number) => ({
      history,
      objects: store().objects,
      now: () => new Date(Date.UTC(2025, 0, day)),
    })
    await keepRun(root, { name: 'first', seeds: [1, 2], at: '2025-01-01T00:00:00.000Z' })
    await rate(at(1), digestOf('picture 1'), 5)
    await rate(at(2), digestOf('picture 2'), 3)
    await keepRun(root, { name: 'second', seeds: [1, 3], at: '2025-01-02T00:00:00.000Z' })
    await rate(at(3), digestOf('picture 3'), 4)
    await rate(at(4), digestOf('picture 1'), 2)
    expect((await history.best()).map(({ seed, rating }) => [seed, rating])).toEqual([
      [3, 4],
      [2, 3],
      [1, 2],
    ])
    expect(await history.best({ limit: 1 })).toMatchObject([{ seed: 3, place: 'final' }])
    const bestOf = async (query: RunQuery) => (await history.best(query)).map(({ seed }) => seed)
    expect(await bestOf({ until: new Date('2025-01-02') })).toEqual([2, 1])
    expect(await bestOf({ since: new Date('2025-01-02') })).toEqual([3, 1])
    expect(await bestOf({ since: new Date('2025-01-03') })).toEqual([])
    expect(await bestOf({ minRating: 3 })).toEqual([3, 2])
    expect(await names({ minRating: 4 })).toEqual(['second'])
    expect(await names({ minRating: 3 })).toEqual(['second', 'first'])
    expect(await names({ minRating: 5 })).toEqual([])
  })

  test('are refused while the run is running, and where there is no such picture', async () => {
    const folder = await keepRun(root, { seeds: [7] })
    await lockRun(folder)
    await expect(rate(store(), digestOf('picture 7'), 3)).rejects.toMatchObject({
      code: 'SW_STORE_RUN_LOCKED',
    })
    await unlockRun(folder)
    const before = await readFile(join(folder, 'journal.jsonl'), 'utf8')
    for (const rating of [0, 6, 2.5, Number.NaN])
      await expect(rate(store(), digestOf('picture 7'), rating)).rejects.toMatchObject({
        code: 'SW_HISTORY_RATING_RANGE',
      })
    await expect(rate(store(), 'abcdef', 3)).rejects.toMatchObject({
      code: 'SW_HISTORY_NO_SUCH_PICTURE',
    })
    expect(await readFile(join(folder, 'journal.jsonl'), 'utf8')).toBe(before)
  })
})
