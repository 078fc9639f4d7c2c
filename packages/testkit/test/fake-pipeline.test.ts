import {
  type Backend,
  createPipeline,
  defineStage,
  Hires,
  Img2Img,
  operation,
  Phase,
  readImageHeader,
  slot,
  Txt2Img,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { plainSchema } from '../src/contract/plain-schema.js'
import { source } from '../src/contract/stage-subject.js'
import {
  assertChained,
  assertNoCalls,
  assertNoKey,
  assertNoSlot,
  assertRequest,
  assertSlot,
  assertStageOrder,
  effectsOf,
  fakeBackend,
  FakePipeline,
  gate,
  givenPictures,
} from '../src/index.js'
import { Tint, tint } from './reference-stage.js'

const section = { contract_source: {}, acme_tint: { lut: 'warm' } }
const lut = { resources: { lut: 'any' as const } }

const Glow = slot<{ amount: number }>('acme_glow', [Txt2Img])
const glow = defineStage({
  name: 'acme_glow',
  phase: Phase.Refine,
  consumes: 'images',
  config: plainSchema<{ amount?: number }>({ type: 'object', properties: {} }),
  plan: () => ({ contribute: { previous: [Glow.with({ amount: 0.5 })] } }),
})

function tinting(options: { readonly script?: FakeScript } = {}) {
  return new FakePipeline({ stages: [source, tint], operations: [Tint], ...lut, ...options })
}
type FakeScript = NonNullable<ConstructorParameters<typeof FakePipeline>[0]['script']>

describe('FakePipeline', () => {
  test('has every member of the real pipeline, with the same number of parameters', () => {
    const real = createPipeline({ backend: fakeBackend(), stages: [source] })
    const fake = new FakePipeline({ stages: [source] })
    for (const key of Reflect.ownKeys(real)) {
      const [own, other] = [Reflect.get(real, key), Reflect.get(fake, key)] as { length: number }[]
      expect([key, typeof other, other?.length]).toEqual([key, 'function', own?.length])
    }
    expect(Reflect.ownKeys(fake).filter((key) => !Reflect.has(real, key))).toEqual(['calls'])
  })

  test('works when its methods are taken apart from it, as those of the real one do', async () => {
    const { run } = tinting()
    await expect(run(section)).resolves.toMatchObject({ status: 'done' })
  })

  test('records each call with its request, contributions, inputs and outputs', async () => {
    const fake = tinting()
    const { images } = await fake.run(section)
    const [made, ...tinted] = fake.calls
    assertRequest(made, { batch_size: 3, seed: 1 })
    expect(made?.inputs).toEqual([])
    expect(tinted).toHaveLength(3)
    assertRequest(tinted[1], { image: made?.outputs[1], lut: 'warm', amount: 0.5 })
    expect(tinted[1]?.raw).toMatchObject({ image: { digest: made?.outputs[1]?.digest } })
    expect(tinted.flatMap(({ outputs }) => outputs.map(({ digest }) => digest))).toEqual(
      images.map(({ digest }) => digest),
    )
    assertChained(fake.calls)
  })

  test('makes real pictures that tell what was done to them', async () => {
    const { images } = await tinting().run(section)
    for (const image of images) {
      expect(await effectsOf(image)).toEqual(['contract_source', 'acme_tint'])
      expect(readImageHeader(await image.bytes())).toMatchObject({ width: 64, height: 96 })
    }
    expect(new Set(images.map(({ digest }) => digest)).size).toBe(3)
  })

  test('refuses what the real port refuses, before any call', async () => {
    const codes = async (fake: FakePipeline<readonly []>, config: object) =>
      fake.run(config).catch((error: { code: string }) => error.code)
    const bare = new FakePipeline({ stages: [source, tint], ...lut })
    await expect(codes(bare as never, section)).resolves.toBe('SW_PREFLIGHT_NO_OPERATION')
    const kindless = new FakePipeline({ stages: [source, tint], operations: [Tint] })
    await expect(codes(kindless as never, section)).resolves.toBe('SW_PREFLIGHT_NO_SUCH_KIND')
    const slotless = new FakePipeline({ stages: [source, glow] })
    const glowing = { contract_source: {}, acme_glow: {} }
    await expect(codes(slotless as never, glowing)).resolves.toBe('SW_PLAN_SLOT_NOT_CARRIED')
    const misspelt = { ...section, acme_tint: { lut: 'warm', ammount: 1 } }
    await expect(codes(tinting() as never, misspelt)).resolves.toBe('SW_CONFIG_UNKNOWN_KEY')
    assertNoCalls(bare)
    assertNoCalls(slotless)
  })

  test('carries the slots of plugins that it is given', async () => {
    const fake = new FakePipeline({ stages: [glow, source], slots: [Glow] })
    const result = await fake.run({ contract_source: {}, acme_glow: {} })
    assertSlot(fake.calls[0], Glow, { amount: 0.5 })
    assertNoSlot(fake.calls[0], Hires)
    assertStageOrder(result, ['contract_source', 'acme_glow'])
    expect(await effectsOf(result.images[0] as never)).toEqual(['contract_source', 'acme_glow'])
    expect(() => assertNoKey(fake.calls, /glow/)).toThrow(/slot acme_glow/)
  })

  test('starts from given pictures, and keeps their names', async () => {
    const fake = new FakePipeline({ stages: [tint], operations: [Tint], ...lut })
    const pictures = givenPictures({ width: 80, height: 40 }, { width: 8, height: 8, name: 'b' })
    const { images } = await fake.reprocess(pictures, { acme_tint: { lut: 'x' } })
    expect(images.map(({ name, width }) => [name, width])).toEqual([
      ['given-1.png', 80],
      ['b', 8],
    ])
  })
})

describe('a script', () => {
  test('fails the calls that it speaks of, in every run anew', async () => {
    const fake = tinting({ script: [{ stage: 'acme_tint', picture: 2, fail: new Error('gone') }] })
    for (const seed of [1, 2]) {
      const { status, images } = await fake.run({ ...section, seed })
      expect(status).toBe('partial')
      expect(images.map((image) => image.seed - seed)).toEqual([0, 2])
    }
    expect(fake.calls.filter(({ error }) => error !== undefined)).toHaveLength(2)
  })

  test('can be limited to a number of times', async () => {
    const fake = tinting({
      script: [{ operation: 'txt2img', times: 1, fail: () => new Error('not yet') }],
    })
    await expect(fake.run(section)).rejects.toThrow(/not yet/)
    await expect(fake.run(section)).resolves.toMatchObject({ status: 'done' })
  })

  test('loses the backend, so that no further call is made', async () => {
    const fake = tinting({ script: [{ stage: 'acme_tint', call: 2, lost: true }] })
    await expect(fake.run(section)).rejects.toMatchObject({ code: 'SW_BACKEND_LOST' })
    expect(fake.calls).toHaveLength(3)
  })

  test('gives fewer pictures than asked for, with a warning', async () => {
    const { images, warnings } = await tinting({
      script: [{ stage: 'contract_source', images: 2 }],
    }).run(section)
    expect(images).toHaveLength(2)
    expect(warnings.join()).toContain('asked for 3')
  })

  test('finds nothing where it says so', async () => {
    const fake = tinting({ script: [{ stage: 'acme_tint', nothingFound: true }] })
    const { stages } = await fake.run(section)
    expect(stages.map(({ outcome }) => outcome)).toEqual(['done', 'unchanged'])
    expect(fake.calls[1]?.unchanged).toBe(true)
  })

  test('holds a call at a gate until it is opened', async () => {
    const held = gate()
    const fake = tinting({ script: [{ stage: 'acme_tint', call: 1, wait: held }] })
    const run = fake.run(section)
    await held.reached
    expect(fake.calls).toHaveLength(2)
    held.open()
    await expect(run).resolves.toMatchObject({ status: 'done' })
  })

  test('lets a call that waits at a gate be aborted', async () => {
    const held = gate()
    const abort = new AbortController()
    const fake = tinting({ script: [{ stage: 'acme_tint', call: 1, wait: held }] })
    const run = fake.run(section, { signal: abort.signal })
    await held.reached
    abort.abort()
    await expect(run).rejects.toMatchObject({ kind: 'aborted' })
  })

  test('aborts when a call has ended', async () => {
    const abort = new AbortController()
    const fake = tinting({ script: [{ stage: 'acme_tint', call: 2, abort, at: 'end' }] })
    const error: unknown = await fake
      .run(section, { signal: abort.signal })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'aborted', result: { status: 'cancelled' } })
    expect(fake.calls).toHaveLength(3)
  })
})

describe('the fake backend', () => {
  const ask = (backend: Backend, what: string, request: object) =>
    backend.call(operation<object>(what), request, {
      id: 'a call',
      stage: 's',
      signal: new AbortController().signal,
      contributions: [],
      progress: () => undefined,
    })

  test('returns the pictures before a hires pass where it is asked to', async () => {
    const hires = defineStage({
      name: 'acme_hires',
      phase: Phase.Refine,
      consumes: 'images',
      config: plainSchema<object>({ type: 'object', properties: {} }),
      plan: (_, { input }) => ({
        contribute: {
          previous: [
            Hires.with({
              hr_scale: 2,
              hr_resize_x: 0,
              hr_resize_y: 0,
              hr_upscaler: 'x',
              hr_second_pass_steps: 0,
              denoising_strength: 0.5,
            }),
          ],
        },
        output: input.map((one) => ({ ...one, width: 128, height: 192 })),
      }),
    })
    const fake = new FakePipeline({ stages: [source, hires], before: [Hires] })
    const { stages } = await fake.run({ contract_source: {}, acme_hires: {} })
    expect(stages.map(({ images }) => images[0]?.width)).toEqual([64, 128])
  })

  test('sizes enlarged pictures as the WebUI does', async () => {
    const backend = fakeBackend()
    const [image] = givenPictures({ width: 100, height: 60 })
    const size = async (fields: object) => {
      const request = { mode: 'extras', image, resize_mode: 0, ...fields }
      const [made] = (await ask(backend, 'upscale', request)).images
      return [made?.width, made?.height]
    }
    expect(await size({ upscaling_resize: 1.5 })).toEqual([144, 88])
    const to = { resize_mode: 1, upscaling_resize_w: 150, upscaling_resize_h: 150 }
    expect(await size({ ...to, upscaling_crop: true })).toEqual([150, 150])
    expect(await size({ ...to, upscaling_crop: false })).toEqual([248, 144])
  })

  test('refuses several pictures that do not go with the batch size', async () => {
    const images = givenPictures({ width: 8, height: 8 }, { width: 8, height: 8 })
    const request = { images, batch_size: 3, width: 8, height: 8 }
    await expect(ask(fakeBackend(), Img2Img.name, request)).rejects.toMatchObject({
      code: 'SW_BACKEND_FAILED',
    })
  })

  test('can do less when it is told to', async () => {
    const backend = fakeBackend({ capabilities: { operations: ['txt2img'] } })
    await expect(ask(backend, 'upscale', {})).rejects.toMatchObject({
      code: 'SW_BACKEND_UNSUPPORTED',
    })
  })
})
