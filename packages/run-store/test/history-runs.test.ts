import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createPipeline } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { History, readRun } from '../src/index.js'
import { chain, Workplace } from './workplace.js'

describe('the history of real runs', () => {
  test('knows a run while it runs and when it has ended', async () => {
    await using place = await Workplace.make()
    const seen: unknown[] = []
    const watching = place.pipeline([
      {
        stage: async (_plan, _images, next) => {
          // The store's own turn comes after this one: its folder is whole once the stage is made.
          const made = await next()
          // Another process looks.
          const { runs } = await new History({ root: place.root }).list()
          seen.push(runs.map(({ status, name }) => `${name} ${status}`))
          return made
        },
      },
    ])
    const { runId, images } = await place.store().run(watching, chain, { name: 'keeper' })
    expect(seen).toEqual(Array.from({ length: 4 }, () => ['keeper running']))
    const history = new History({ root: place.root })
    const run = await history.run(runId)
    expect(run).toMatchObject({
      name: 'keeper',
      status: 'done',
      prompt: chain.prompt,
      model: 'sketch',
      backend: 'sketch',
      seed: 7,
      pictureCount: 2,
      stages: [
        { name: 'txt2img', outcome: 'done', calls: 1, made: 1, kept: 0 },
        { name: 'refiner', calls: 2, made: 2 },
        { name: 'upscale', calls: 2, made: 2 },
        { name: 'adetailer', calls: 2, made: 2 },
      ],
    })
    const final = run?.pictures.filter(({ place: where }) => where === 'final')
    expect(final?.map(({ digest }) => digest)).toEqual(images.map(({ digest }) => digest))
    expect((await readFile(final?.[0]?.file ?? '')).byteLength).toBeGreaterThan(0)
    const again = await place.store().run(place.pipeline(), chain)
    expect((await history.run(again.runId))?.stages).toMatchObject([
      { made: 0, kept: 1 },
      {},
      {},
      {},
    ])
  })

  test('knows how long each stage takes', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { plan, folder } = await store.run(place.pipeline(), chain)
    const { kind, dialect, server } = (await readRun(folder)).record!.backend
    const { events } = await readRun(folder)
    const calls = events.flatMap((one) => (one.type === 'call_finished' ? [one] : []))
    const first = calls.find(({ stage }) => stage === 'txt2img')
    const told = await store.history.estimate(plan, { kind, dialect, server } as { kind: string })
    expect(told).toMatchObject({
      missing: [],
      stages: [
        { name: 'txt2img', from: 1 },
        { name: 'refiner', from: 2 },
        { name: 'upscale', from: 2 },
        { name: 'adetailer', from: 2 },
      ],
    })
    expect(told?.stages[0]?.ms).toBeCloseTo(first?.ms ?? 0, 3)
    const bigger = await createPipeline({ backend: place.backend, stages: place.stages }).plan({
      ...chain,
      width: 128,
      height: 128,
    })
    const more = await store.history.estimate(bigger, { kind, dialect, server } as { kind: string })
    for (const [i, { ms }] of (told?.stages ?? []).entries())
      expect(more?.stages[i]?.ms).toBeCloseTo(4 * ms, 3)
    expect(await store.history.estimate(plan, { kind: 'elsewhere' })).toBeUndefined()
  })

  test('no run fails for a history that cannot be written, and it is caught up with later', async () => {
    await using place = await Workplace.make()
    const problems: string[] = []
    const store = place.store({ onProblem: (problem) => problems.push(problem) })
    await store.run(place.pipeline(), chain, { name: 'first' })
    // A folder where the file should be.
    const file = join(place.root, '.stagewright/history.db')
    store.history.close()
    await rm(file)
    await mkdir(join(file, 'in-the-way'), { recursive: true })
    await writeFile(join(file, 'in-the-way/x'), '')
    const { status } = await store.run(place.pipeline(), chain, { name: 'second' })
    expect(status).toBe('done')
    expect(problems.join('\n')).toContain('history.db could not be used')
    await rm(file, { recursive: true })
    const { runs } = await store.history.list()
    expect(runs.map(({ name }) => name).toSorted()).toEqual(['first', 'second'])
  })
})
