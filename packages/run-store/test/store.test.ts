import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import {
  type Backend,
  createPipeline,
  defineStage,
  isPipelineError,
  Phase,
  phaseBetween,
  stageImage,
} from '@stagewright/core'
import { readMetadata } from '@stagewright/metadata'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { readRun } from '../src/index.js'
import { answers, chain, chainCalls, typesOf, Workplace } from './workplace.js'

describe('a run that is kept', () => {
  test('has a folder with its record, its journal, and the pictures of every stage', async () => {
    await using place = await Workplace.make()
    const result = await place.store().run(place.pipeline(), chain, { name: 'keeper' })
    expect(result.status).toBe('done')
    expect(result.folder).toMatch(/\d{8}-\d{6}-keeper$/)
    expect(await place.files(result.folder)).toEqual([
      'final/01-s7.png',
      'final/02-s8.png',
      'journal.jsonl',
      'run.json',
      ...['1-txt2img', '2-refiner', '3-upscale', '4-adetailer'].flatMap((stage) => [
        `stages/${stage}/01-s7.png`,
        `stages/${stage}/02-s8.png`,
      ]),
    ])
    const { record, status, problems } = await readRun(result.folder)
    expect([status, problems]).toEqual(['done', []])
    expect(record).toMatchObject({
      v: 1,
      run_id: result.runId,
      name: 'keeper',
      config_given: { seed: 7 },
      config: { seed: 7, model: 'sketch' },
      backend: { kind: 'sketch' },
      resources: expect.arrayContaining([
        { kind: 'model', name: 'sketch' },
        { kind: 'detector', name: 'face_yolov8n.pt' },
      ]) as unknown,
      versions: { node: process.version },
      stages: [{ name: 'txt2img', version: '1' }, {}, {}, {}, {}],
    })
  })

  test('stores each picture once: the names in its folder are links to it', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder, images } = await store.run(place.pipeline(), chain)
    const [first] = images
    const object = await stat(store.objects.path(first?.digest ?? ''))
    const final = await stat(join(folder, 'final/01-s7.png'))
    const stage = await stat(join(folder, 'stages/4-adetailer/01-s7.png'))
    expect([final.ino, stage.ino]).toEqual([object.ino, object.ino])
    const bytes = await readFile(join(folder, 'final/01-s7.png'))
    expect(stageImage(bytes).digest).toBe(first?.digest)
  })

  test('writes into every picture what made it: infotext for other tools, and our own block', async () => {
    await using place = await Workplace.make()
    const { folder } = await place.store().run(place.pipeline(), chain)
    const told = readMetadata(await readFile(join(folder, 'final/02-s8.png')))
    expect(told.problems).toEqual([])
    expect(told.infotext).toMatch(/^portrait of a keeper, a lighthouse behind\nSteps: 4, Sampler: /)
    expect(told.infotext).toContain('Seed: 8, Size: 96x96, Model: sketch')
    expect(told.infotext).toContain('Denoising strength: 0.3')
    expect(told.infotext).toContain('Postprocess upscale by: 1.5')
    expect(told.infotext).toContain('ADetailer model: face_yolov8n.pt')
    expect(told.infotext).toContain('Stages: txt2img > refiner > upscale > adetailer')
    const { record } = await readRun(folder)
    expect(told.block).toMatchObject({
      plan: record?.plan_hash,
      config: { seed: 7, width: 64 },
      lineage: ['txt2img', 'refiner', 'upscale', expect.stringMatching(/^adetailer:/)],
      seed: 8,
      backend: { kind: 'sketch' },
    })
  })

  test('tells its journal what happened, in order, each line with its checksum', async () => {
    await using place = await Workplace.make()
    const { folder } = await place.store().run(place.pipeline(), { ...chain, batch_size: 1 })
    const { events } = await readRun(folder)
    const calls = ['stage_started', 'call_started', 'call_finished', 'stage_finished']
    expect(typesOf(events)).toEqual([
      'journal',
      'attempt',
      ...calls,
      ...calls,
      ...calls,
      ...calls,
      'run_finished',
    ])
    const lines = (await readFile(join(folder, 'journal.jsonl'), 'utf8')).trim().split('\n')
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('sum')
  })
})

describe('what is kept is not made again', () => {
  test('the same run again makes no call, and has the same pictures', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const first = await store.run(place.pipeline(), chain)
    expect(place.backend.made).toHaveLength(chainCalls)
    const second = await store.run(place.pipeline(), chain)
    expect(place.backend.made).toHaveLength(chainCalls)
    expect(second.images).toMatchObject(
      first.images.map(({ digest, lineage, settings }) => ({
        digest,
        lineage,
        settings: JSON.parse(JSON.stringify(settings)) as unknown,
      })),
    )
    expect(new Set((await answers(second.folder)).map((one) => one.split(' ')[1]))).toEqual(
      new Set(['kept']),
    )
  })

  test('a change makes its stage and those behind it anew, and nothing before', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    await store.run(place.pipeline(), chain)
    place.backend.made.length = 0
    const changed = { ...chain, upscale: { ...chain.upscale, upscaling_resize: 2 } }
    await store.run(place.pipeline(), changed)
    expect(place.backend.made).toEqual(['upscale', 'upscale', 'adetailer', 'adetailer'])
  })

  test('unless the store keeps no cache, or everything from a stage on shall be made anew', async () => {
    await using place = await Workplace.make()
    await place.store().run(place.pipeline(), chain)
    place.backend.made.length = 0
    await place.store({ cache: false }).run(place.pipeline(), chain)
    expect(place.backend.made).toHaveLength(chainCalls)
    place.backend.made.length = 0
    await place.store().run(place.pipeline(), chain, { from: 'adetailer' })
    expect(place.backend.made).toEqual(['adetailer', 'adetailer'])
  })

  test('a merged stage is made anew with its host', async () => {
    await using place = await Workplace.make()
    const merged = { ...chain, refiner: { ...chain.refiner, hr_strategy: 'merged' as const } }
    await place.store().run(place.pipeline(), merged)
    place.backend.made.length = 0
    await place.store().run(place.pipeline(), merged, { from: 'refiner' })
    expect(place.backend.made).toEqual(['txt2img', 'upscale', 'upscale', 'adetailer', 'adetailer'])
  })

  test('a stage to begin from that the run has not is refused before any call', async () => {
    await using place = await Workplace.make()
    await expect(
      place.store().run(place.pipeline(), chain, { from: 'img2img' }),
    ).rejects.toMatchObject({
      code: 'SW_STORE_NO_SUCH_STAGE',
      hint: 'name one of txt2img, refiner, upscale, adetailer',
    })
    expect(place.backend.made).toEqual([])
  })

  test.each(['truncated', 'changed', 'missing'] as const)(
    'a picture that is %s on the disk is made again, and only that',
    async (how) => {
      await using place = await Workplace.make()
      const store = place.store()
      const first = await store.run(place.pipeline(), chain)
      const { events } = await readRun(first.folder)
      const [victim] = events.flatMap((event) =>
        event.type === 'call_finished' && event.stage === 'upscale' ? event.entry.images : [],
      )
      const path = store.objects.path(victim?.digest ?? '')
      const bytes = await readFile(path)
      if (how === 'missing') await rm(path)
      else if (how === 'truncated') await writeFile(path, bytes.subarray(0, bytes.length / 2))
      else
        await writeFile(
          path,
          bytes.map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
        )
      place.backend.made.length = 0
      const second = await place.store().run(place.pipeline(), chain)
      expect(place.backend.made).toEqual(['upscale'])
      expect(second.images.map(({ digest }) => digest)).toEqual(
        first.images.map(({ digest }) => digest),
      )
    },
  )

  test('a model whose file was replaced under its name is another model, once its hash is known', async () => {
    await using place = await Workplace.make()
    const described = await place.backend.describe()
    const withHash = (hash?: string): Backend => ({
      ...place.backend,
      describe: () =>
        Promise.resolve({
          ...described,
          identity: {
            server: 'http://here',
            ...(hash === undefined ? {} : { hashes: { model: { sketch: hash } } }),
          },
        }),
    })
    const run = async (hash?: string): Promise<number> => {
      place.backend.made.length = 0
      await place.store().run(place.pipeline([], withHash(hash)), { ...chain, batch_size: 1 })
      return place.backend.made.length
    }
    expect(await run()).toBe(4)
    // The same file, hashed by now.
    expect(await run('one')).toBe(0)
    await rm(join(place.root, '.stagewright'), { recursive: true })
    expect(await run('one')).toBe(4)
    expect(await run('two')).toBeGreaterThan(0)
    expect(await run('one')).toBe(0)
    // A server that has forgotten it knows the name alone.
    expect(await run()).toBe(0)
  })

  test('a call that names two files is kept when the second one is hashed after the first', async () => {
    await using place = await Workplace.make()
    const described = await place.backend.describe()
    const run = async (model: Readonly<Record<string, string>>): Promise<number> => {
      const backend: Backend = {
        ...place.backend,
        describe: () =>
          Promise.resolve({
            ...described,
            resources: { ...described.resources, model: ['sketch', 'other'] },
            identity: { server: 'http://here', hashes: { model } },
          }),
      }
      const { refiner, adetailer: _, ...config } = chain
      const merged = { ...refiner, hr_strategy: 'merged' as const, hr_checkpoint_name: 'other' }
      place.backend.made.length = 0
      await place.store().run(place.pipeline([], backend), { ...config, refiner: merged })
      return place.backend.made.filter((stage) => stage === 'txt2img').length
    }
    expect(await run({ sketch: 'one' })).toBe(1)
    expect(await run({ sketch: 'one', other: 'two' })).toBe(0)
    expect(await run({ sketch: 'changed', other: 'two' })).toBe(1)
  })

  test('a picture that is enlarged keeps its own seed and words, whatever other picture has its pixels', async () => {
    await using place = await Workplace.make()
    const blank: Backend = {
      ...place.backend,
      call: async (operation, request, ctx) => {
        const result = await place.backend.call(operation, request, ctx)
        if (operation.name !== 'txt2img') return result
        const bytes = await result.images[0]!.bytes()
        const images = result.images.map(({ seed, settings }) =>
          stageImage(bytes, { seed, settings }),
        )
        return { ...result, images }
      },
    }
    const { refiner: _, adetailer: __, ...config } = chain
    const { images, folder } = await place.store().run(place.pipeline([], blank), config)
    expect(await answers(folder)).toEqual(expect.arrayContaining(['upscale made']))
    expect(place.backend.made).toEqual(['txt2img', 'upscale'])
    expect(images.map(({ seed, settings }) => [seed, settings?.seed])).toEqual([
      [7, 7],
      [8, 8],
    ])
  })

  test('two runs that want the same call at once make it once', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const both = await Promise.all([
      store.run(place.pipeline(), chain),
      store.run(place.pipeline(), chain),
      place.store().run(place.pipeline(), chain),
    ])
    expect(place.backend.made).toHaveLength(chainCalls)
    expect(new Set(both.map(({ images }) => images[0]?.digest)).size).toBe(1)
  })

  test('a stage that works by itself is answered from what is kept when it says that it is deterministic', async () => {
    await using place = await Workplace.make()
    const worked: string[] = []
    const own = (name: 'acme_sure' | 'acme_vague', deterministic: boolean) =>
      defineStage({
        name,
        ...(deterministic ? { deterministic: true as const } : {}),
        phase: phaseBetween(Phase.Upscale, Phase.Detail, 'acme'),
        consumes: 'images',
        config: z.object({ by: z.int().default(1) }),
        plan: () => ({}),
        execute: ({ each }, images) =>
          each(images, async (image) => {
            worked.push(name)
            const bytes = Buffer.from(await image.bytes())
            return [stageImage(Buffer.concat([bytes, Buffer.from(name)]), image)]
          }),
      })
    const stages = [own('acme_sure', true), own('acme_vague', false)] as const
    const run = (by: number) =>
      place.store().run(
        createPipeline({
          backend: place.backend,
          stages: [...place.stages, ...stages] as const,
        }),
        { ...chain, batch_size: 1, acme_sure: { by }, acme_vague: {} },
      )
    const first = await run(1)
    expect(worked).toEqual(['acme_sure', 'acme_vague'])
    const second = await run(1)
    expect(worked.slice(2)).toEqual(['acme_vague'])
    expect(second.images[0]).toMatchObject({
      digest: first.images[0]?.digest,
      lineage: first.images[0]?.lineage,
    })
    await run(2)
    expect(worked.slice(3)).toEqual(['acme_sure', 'acme_vague'])
  })
})

describe('a run that stops half-way', () => {
  test('goes on where it was: what is finished is not made again, also within a stage', async () => {
    await using place = await Workplace.make()
    const store = place.store({ cache: false })
    const stop = new AbortController()
    let calls = 0
    const pipeline = place.pipeline([
      {
        call: async (_operation, _request, _ctx, next) => {
          const result = await next()
          calls += 1
          if (calls === 4) stop.abort()
          return result
        },
      },
    ])
    const error: unknown = await store
      .run(pipeline, chain, { signal: stop.signal })
      .catch((thrown: unknown) => thrown)
    expect(isPipelineError(error) && error.kind).toBe('aborted')
    const [folder = ''] = await store.folders()
    expect((await readRun(folder)).status).toBe('cancelled')
    expect(
      (await place.files(folder)).filter((name) => name.startsWith('unfinished/')),
    ).toHaveLength(2)
    place.backend.made.length = 0
    const resumed = await place.store({ cache: false }).resume(place.pipeline(), folder)
    expect(place.backend.made).toEqual(['upscale', 'adetailer', 'adetailer'])
    const whole = await place.store({ cache: false }).run(place.pipeline(), chain)
    expect(resumed.images.map(({ digest }) => digest)).toEqual(
      whole.images.map(({ digest }) => digest),
    )
    const left = (await place.files(folder)).filter((name) => !name.startsWith('journal'))
    expect(left).toEqual(
      (await place.files(whole.folder)).filter((name) => !name.startsWith('journal')),
    )
    expect((await readRun(folder)).status).toBe('done')
  })

  test('leaves its folder also when it is cancelled before its first stage', async () => {
    await using place = await Workplace.make()
    const stop = new AbortController()
    const pipeline = createPipeline({
      backend: place.backend,
      stages: place.stages,
      observers: [(event) => void (event.type === 'run-started' && stop.abort())],
    })
    await expect(place.store().run(pipeline, chain, { signal: stop.signal })).rejects.toMatchObject(
      { kind: 'aborted' },
    )
    const [folder = ''] = await place.store().folders()
    expect((await readRun(folder)).status).toBe('cancelled')
    await place.store().resume(place.pipeline(), folder)
    expect((await readRun(folder)).status).toBe('done')
  })

  test('is one process’s at a time: a second one is refused, and told who has it', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder } = await store.run(place.pipeline(), chain)
    const held = await store.reopen(folder)
    expect((await readRun(folder)).status).toBe('running')
    await expect(place.store().reopen(folder)).rejects.toMatchObject({
      code: 'SW_STORE_RUN_LOCKED',
      details: { pid: process.pid },
    })
    await held.run[Symbol.asyncDispose]()
    const again = await place.store().reopen(folder)
    await again.run[Symbol.asyncDispose]()
  })
})
