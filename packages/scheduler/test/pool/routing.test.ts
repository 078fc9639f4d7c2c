import { webui } from '@stagewright/backend-webui'
import { createPipeline, Hires, Upscale } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { describe, expect, it, onTestFinished } from 'vitest'

import { pool } from '../../src/index.js'
import { context, draw, failure, fakes, poolOf, prompts, servers } from './servers.js'

const models = [
  'sd_xl_base_1.0.safetensors',
  'juggernautXL.safetensors',
  'dreamshaper_8.safetensors',
]
const plain = { prompt: 'x', width: 64, height: 64, steps: 1, txt2img: {} }
const names = models.map((file) => file.replace('.safetensors', ''))

const paths = (fake: { requests: readonly { path: string }[] }): string[] =>
  fake.requests.map(({ path }) => path).filter((path) => /txt2img|img2img|extra-single/.test(path))

describe('where a call goes', () => {
  it('to the server that has its model: each model is loaded once', async () => {
    const { a, b } = await fakes({ a: { models }, b: { models } })
    const both = poolOf({ a, b }, { guesses: { load: 60_000, job: 10 } })
    await both.describe()
    const [, second, third] = names
    await Promise.all(
      [second, third].flatMap((model) =>
        [1, 2, 3, 4, 5, 6].map((seed) => draw(both, { model, seed })),
      ),
    )
    expect(a.state.loads.length + b.state.loads.length).toBeLessThanOrEqual(2)
    expect(a.state.loaded).not.toBe(b.state.loaded)
    expect(both.status()).toMatchObject({ done: 12, queued: 0, running: 0 })
  })

  it('is told with its result, where there are several', async () => {
    const { a, b } = await fakes({ a: { models: [models[0]!] }, b: { models: [models[1]!] } })
    const { server } = await draw(poolOf({ a, b }), { model: models[1]! })
    expect(server).toBe('b')
    expect((await draw(poolOf({ a }))).server).toBeUndefined()
  })

  it.each(['a1111', 'forge', 'reforge', 'sdnext'] as const)(
    'to the server that has its model, however often %s is asked what it can do',
    async (dialect) => {
      const options = { dialect, models: ['own.ckpt', 'one.ckpt', 'two.ckpt'] }
      const { a, b } = await fakes({ a: options, b: options })
      const both = poolOf({ a, b })
      const pipeline = createPipeline({ backend: both, stages: [txt2img] })
      for (const [at, model] of ['one', 'two', 'one', 'one', 'two', 'two'].entries())
        await pipeline.run({ ...plain, seed: at + 1, model })
      await both.describe()
      const known = Object.values(servers(both)).map((of) => of.models.join())
      expect(known.toSorted()).toEqual(['one.ckpt', 'two.ckpt'])
      expect([a, b].map(({ state }) => state.loads.length)).toEqual([1, 1])
    },
  )

  it('a second copy is loaded when what is queued pays for it', async () => {
    const { a, b } = await fakes({ a: { models }, b: { models } })
    const both = poolOf({ a, b }, { guesses: { load: 30, job: 100 } })
    await both.describe()
    const [, model] = names
    await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => draw(both, { model, seed })))
    expect(a.state.loaded).toBe(models[1])
    expect(b.state.loaded).toBe(models[1])
  })

  it('one call at a time on each server, however many are asked for', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    let most = 0
    both.observe(({ running }) => (most = Math.max(most, running)))
    await Promise.all(Array.from({ length: 12 }, (_, seed) => draw(both, { seed })))
    expect(most).toBeLessThanOrEqual(2)
    expect(prompts(a).length + prompts(b).length).toBe(12)
    expect(Math.min(prompts(a).length, prompts(b).length)).toBeGreaterThan(2)
  })

  it('a picture travels: what only one server can do goes there', async () => {
    const { a, b } = await fakes({ a: { adetailer: false }, b: {} })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img, adetailer] })
    const run = (seed: number) =>
      pipeline.run({
        prompt: 'a keeper',
        width: 256,
        height: 256,
        seed,
        txt2img: {},
        adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] },
      })
    const results = await Promise.all([1, 2, 3, 4].map(run))
    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done'])
    expect(paths(a).filter((path) => path.endsWith('img2img'))).toEqual([])
    expect(paths(a).filter((path) => path.endsWith('txt2img')).length).toBeGreaterThan(0)
    expect(paths(b).filter((path) => path.endsWith('img2img'))).toHaveLength(4)
  })

  it('a stage that needs no model is made by a server that is free, wherever the picture was made', async () => {
    const { a, b } = await fakes({
      a: { models: [models[0] as string] },
      b: { models: [models[1] as string] },
    })
    const both = poolOf({ a, b })
    await both.describe()
    a.faults.add({ kind: 'stall', at: 'during', times: 2 })
    const run = createPipeline({ backend: both, stages: [txt2img, upscale] }).run({
      prompt: 'short',
      model: names[0],
      width: 64,
      height: 64,
      seed: 1,
      txt2img: {},
      upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 },
    })
    await a.until(({ queue }) => queue > 0)
    const long = draw(both, { prompt: 'long', model: names[0] })
    a.faults.release()
    expect((await run).status).toBe('done')
    expect(paths(b)).toEqual([expect.stringContaining('extra-single')])
    expect(servers(both)['a']?.state).toBe('busy')
    a.faults.release()
    await long
  })

  it('what redraws a picture goes to a server that has its checkpoint, however long another is free', async () => {
    const { a, b } = await fakes({ a: { models: ['one.ckpt'] }, b: { models: ['two.ckpt'] } })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img, refiner] })
    const hires = {
      enable_hr: true,
      hr_scale: 2,
      hr_upscaler: 'Lanczos',
      hr_strategy: 'own',
    } as const
    const made = [1, 2, 3, 4].map((seed) =>
      pipeline.run({ ...plain, model: 'one.ckpt', seed, refiner: hires }),
    )
    expect((await Promise.all(made)).map(({ status }) => status)).toEqual(Array(4).fill('done'))
    expect(prompts(b)).toEqual([])
  })

  it('the later calls of a run go before runs that begin after it', async () => {
    const { a } = await fakes({ a: {} })
    const one = poolOf({ a })
    await one.describe()
    const run = one.as('sweep', 'run 1')
    a.faults.add({ kind: 'stall', at: 'during' })
    const first = draw(run, { prompt: 'first' })
    const later = [1, 2].map((seed) =>
      draw(one.as('sweep', `run 2.${seed}`), { prompt: 'later', seed }),
    )
    await a.until(({ queue }) => queue > 0)
    const second = first.then(() => draw(run, { prompt: 'second' }))
    // In the queue before the server is free for the next one.
    const third = draw(run, { prompt: 'third' })
    a.faults.release()
    await Promise.all([first, second, third, ...later])
    expect(prompts(a).indexOf('third')).toBe(1)
    expect(prompts(a).indexOf('second')).toBeLessThan(4)
  })

  it('a call without a model is pinned to one: not each server’s own', async () => {
    const { a, b } = await fakes({
      a: { models: [models[0] as string, models[1] as string] },
      b: { models: [models[1] as string, models[0] as string] },
    })
    const both = poolOf({ a, b })
    const { current } = await both.describe()
    expect(current?.model).toBe(models[0])
    const results = await Promise.all([1, 2, 3, 4].map((seed) => draw(both, { seed })))
    expect(new Set(results.map(({ images }) => images[0]?.settings?.model))).toEqual(
      new Set([models[0]]),
    )
  })

  it('a size that a server would round otherwise goes to those that keep it', async () => {
    const { a, b } = await fakes({ a: { dialect: 'a1111' }, b: { dialect: 'sdcpp' } })
    const both = poolOf({ a, b })
    const sizes = await Promise.all(
      [1, 2, 3, 4].map(async (seed) => {
        const { images } = await draw(both, { seed, width: 72, height: 64 })
        return images[0]?.width
      }),
    )
    expect(sizes).toEqual([72, 72, 72, 72])
    expect(prompts(b)).toEqual([])
  })
})

describe('servers of different kinds', () => {
  it.each([
    ['forge', 'a1111'],
    ['a1111', 'forge'],
    ['reforge', 'a1111'],
  ] as const)('%s and %s share the work that both can do', async (one, other) => {
    const { a, b } = await fakes({ a: { dialect: one }, b: { dialect: other } })
    const pipeline = createPipeline({ backend: poolOf({ a, b }), stages: [txt2img] })
    const config = { prompt: 'x', width: 64, height: 64, txt2img: {} }
    await Promise.all([1, 2, 3, 4].map((seed) => pipeline.run({ ...config, seed })))
    expect([paths(a).length > 0, paths(b).length > 0]).toEqual([true, true])
  })

  it('none uses a VAE that only it has set', async () => {
    const vae = 'vae-ft-mse-840000-ema-pruned.safetensors'
    const { a, b, c } = await fakes({
      a: { dialect: 'a1111' },
      b: { dialect: 'a1111', settings: { sd_vae: vae } },
      c: { dialect: 'forge' },
    })
    const pipeline = createPipeline({ backend: poolOf({ a, b, c }), stages: [txt2img] })
    const config = { prompt: 'x', width: 64, height: 64, txt2img: {} }
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => pipeline.run({ ...config, seed }))
    await Promise.all(runs)
    const used = b.requests
      .filter(({ path }) => path.endsWith('/txt2img'))
      .map(
        ({ body }) =>
          (body as { override_settings: { sd_vae?: string } }).override_settings.sd_vae ?? vae,
      )
    expect(used).not.toContain(vae)
  })
})

describe('what no server can do', () => {
  const chain = { prompt: 'x', width: 64, height: 64, seed: 1, txt2img: {} }

  it('is refused before the first call, with each server’s reason', async () => {
    const { A, B } = await fakes({ A: {}, B: {} })
    const real = webui({ url: B.url, pollInterval: 5 })
    const both = pool([
      { name: 'A', backend: webui({ url: A.url, pollInterval: 5 }) },
      {
        name: 'B',
        backend: {
          ...real,
          describe: async (signal) => {
            const has = await real.describe(signal)
            return { ...has, operations: has.operations.filter((one) => one !== Upscale.name) }
          },
        },
      },
    ])
    onTestFinished(() => both[Symbol.asyncDispose]())
    const pipeline = createPipeline({ backend: both, stages: [txt2img, upscale] })
    const error = await failure(
      pipeline.run({ ...chain, upscale: { upscaler_1: '4x-UltraSharp', upscaling_resize: 2 } }),
    )
    expect(error.code).toBe('SW_POOL_NO_SERVER')
    expect(error.message).toBe(
      'upscale.upscaler_1: no server has upscaler "4x-UltraSharp": A lacks it, B has no upscale operation',
    )
    expect([...paths(A), ...paths(B)]).toEqual([])
  })

  it('and so are settings that none can have, and arguments that no server’s script takes', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const pipeline = createPipeline({ backend: poolOf({ a, b }), stages: [txt2img, img2img] })
    const redraw = (fields: object) =>
      failure(pipeline.run({ ...chain, img2img: { denoising_strength: 0.5, ...fields } }))
    const setting = await redraw({ image_cfg_scale: 1.5 })
    expect([setting.code, setting.message]).toEqual([
      'SW_PREFLIGHT_SETTING',
      expect.stringContaining('img2img.image_cfg_scale: Forge cannot do'),
    ])
    const script = await redraw({ script_name: 'SD upscale', script_args: [1] })
    expect(script.message).toBe(
      'img2img.script_name: no server has script "SD upscale": a takes 4 arguments for it, not 1, b takes 4 arguments for it, not 1',
    )
    expect([...paths(a), ...paths(b)]).toEqual([])
  })

  it('a setting that some can have goes to those', async () => {
    const { a, b } = await fakes({ a: { dialect: 'forge' }, b: { dialect: 'a1111' } })
    const pipeline = createPipeline({ backend: poolOf({ a, b }), stages: [txt2img, img2img] })
    const run = await pipeline.run({
      ...chain,
      img2img: { denoising_strength: 0.5, image_cfg_scale: 1.5 },
    })
    expect(run.status).toBe('done')
    expect(paths(b)).toContain('/sdapi/v1/img2img')
  })

  it('also when the names are there, on no one server together', async () => {
    const { a, b } = await fakes({
      a: { models: [models[0] as string], loras: ['ink'] },
      b: { models: [models[1] as string], loras: ['oil'] },
    })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img] })
    const error = await failure(
      pipeline.run({ ...chain, model: names[0], prompt: 'x <lora:oil:1>' }),
    )
    expect(error.message).toBe(
      'no server has all that one call of txt2img needs: a lacks lora "oil", b lacks model "sd_xl_base_1.0"',
    )
    const run = await pipeline.run({ ...chain, model: names[1], prompt: 'x <lora:oil:1>' })
    expect(run.status).toBe('done')
    expect(paths(a)).toEqual([])
  })

  it('each unit of ADetailer is a call of its own: detectors may be on different servers', async () => {
    const { a, b } = await fakes({
      a: { detectors: ['face_yolov8n.pt'] },
      b: { detectors: ['hand_yolov8n.pt'] },
    })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img, adetailer] })
    const units = [{ ad_model: 'face_yolov8n.pt' }, { ad_model: 'hand_yolov8n.pt' }]
    const run = await pipeline.run({ ...chain, width: 256, height: 256, adetailer: { units } })
    expect(run.status).toBe('done')
    expect(paths(a).filter((path) => path.endsWith('img2img'))).toHaveLength(1)
    expect(paths(b).filter((path) => path.endsWith('img2img'))).toHaveLength(1)
  })

  it('also the checkpoint of a picture that is redrawn, which only another server has', async () => {
    const { a, b } = await fakes({
      a: { models: ['one.ckpt'], adetailer: false },
      b: { models: ['two.ckpt'] },
    })
    const both = poolOf({ a, b })
    const units = [
      { name: 'face', ad_model: 'face_yolov8n.pt' },
      { name: 'hands', ad_model: 'hand_yolov8n.pt', ad_checkpoint: 'two.ckpt' },
    ]
    const run = createPipeline({ backend: both, stages: [txt2img, adetailer] }).run({
      ...plain,
      model: 'one.ckpt',
      adetailer: { units },
    })
    expect((await failure(run)).message).toBe(
      'model: no server has model "one.ckpt": a has no detail operation, b lacks it',
    )
    expect([...a.requests, ...b.requests].filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('a checkpoint whose file differs between the servers is refused', async () => {
    const [one, other] = ['a1', 'b2'].map((digits) => digits.repeat(32))
    const { a, b } = await fakes({
      a: { models: [{ file: models[0] as string, sha256: one as string, hashed: true }] },
      b: { models: [{ file: models[0] as string, sha256: other as string, hashed: true }] },
    })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img] })
    const error = await failure(pipeline.run({ ...chain, model: names[0] }))
    expect(error.message).toMatch(/differs between the servers/)
  })

  it('refuses a slot that no server has', async () => {
    const { a, b } = await fakes({ a: { dialect: 'sdcpp' }, b: { dialect: 'sdcpp' } })
    const both = poolOf({ a, b })
    const nothing = { slot: 'acme_depth', on: ['txt2img'], combines: false, value: 1 }
    const error = await failure(
      draw(both, {}, context({ contributions: [nothing, Hires.with({} as never)] })),
    )
    expect(error.code).toBe('SW_BACKEND_UNSUPPORTED')
  })
})

describe('who a pool is', () => {
  it('servers that are alike are known as one of them would be', async () => {
    const { a, b } = await fakes({ a: {}, b: {} })
    const both = poolOf({ a, b })
    const alone = webui({ url: a.url })
    onTestFinished(() => alone[Symbol.asyncDispose]())
    const [{ identity: pooled }, { identity: single }] = [
      await both.describe(),
      await alone.describe(),
    ]
    expect(both.kind).toBe(alone.kind)
    expect({ ...pooled, server: '' }).toEqual({ ...single, server: '' })
    expect(pooled?.server).toContain(a.url)
    expect(pooled?.server).toContain(b.url)
  })

  it('what to do where something is missing is told once, or by each server that knows', async () => {
    const { a, b, c } = await fakes({
      a: { dialect: 'a1111' },
      b: { dialect: 'sdcpp' },
      c: { dialect: 'sdcpp' },
    })
    const mixed = await poolOf({ a, b }).describe()
    expect(mixed.remedies?.['model']).toBe('b: start sd-server with that model')
    const alike = await poolOf({ b, c }).describe()
    expect(alike.remedies?.['model']).toBe('start sd-server with that model')
  })

  it('servers that differ are known by all of them', async () => {
    const { a, b } = await fakes({ a: {}, b: { dialect: 'a1111' } })
    const { identity } = await poolOf({ a, b }).describe()
    const swapped = await poolOf({ b, a }).describe()
    expect(identity?.dialect).toBe('a1111 + forge')
    expect(JSON.stringify(identity?.options)).toContain('forge')
    expect(swapped.identity?.options).toEqual(identity?.options)
  })
})
