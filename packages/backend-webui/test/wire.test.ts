import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { describe, expect, it } from 'vitest'

import { type DialectName, webui } from '../src/index.js'
import { hires, on, open, second, sent, stages, units, words } from './on-fake.js'

describe('what goes over the wire', () => {
  it.each(['a1111', 'forge', 'reforge'] as const)(
    'is this for the whole pipeline on %s, and nothing of it is ignored',
    async (dialect) => {
      const { fake, pipeline } = await on(dialect)
      const result = await pipeline.run({
        ...words,
        model: 'sd_xl_base_1.0',
        txt2img: {},
        img2img: { denoising_strength: 0.5 },
        refiner: { ...hires, ...second, hr_strategy: 'own' },
        upscale: { upscaler_1: 'R-ESRGAN 4x+' },
        adetailer: { units },
      })
      expect([result.status, result.warnings]).toEqual(['done', []])
      expect(fake.ignored).toEqual([])
      expect(sent(fake)).toMatchSnapshot()
    },
  )

  it.each(['a1111', 'forge', 'reforge'] as const)(
    'is this for a refiner and hires in one call on %s, and nothing of it is ignored',
    async (dialect) => {
      const { fake, pipeline } = await on(dialect)
      const { images } = await pipeline.run({
        ...words,
        model: 'sd_xl_base_1.0',
        txt2img: { batch_size: 2 },
        refiner: { ...hires, ...second },
      })
      expect(images.map(({ width, seed }) => [width, seed])).toEqual([
        [128, 7],
        [128, 8],
      ])
      expect(fake.ignored).toEqual([])
      expect(sent(fake)).toMatchSnapshot()
    },
  )

  it.each<
    [DialectName, { hr_cfg: number; hr_distilled_cfg?: number; hr_additional_modules?: string[] }]
  >([
    ['reforge', { hr_cfg: 3 }],
    ['forge', { hr_cfg: 3, hr_distilled_cfg: 2, hr_additional_modules: ['ae.safetensors'] }],
  ])('holds what %s alone has of a high-res pass: %j', async (dialect, more) => {
    const { fake, pipeline } = await on(dialect)
    const result = await pipeline.run({ ...words, txt2img: {}, refiner: { ...hires, ...more } })
    expect([result.status, fake.ignored]).toEqual(['done', []])
    expect(sent(fake)).toMatchObject([{ body: { enable_hr: true, ...more } }])
  })

  it('is not begun where a field of the high-res pass would be ignored, with what to do', async () => {
    const { fake, pipeline } = await on('a1111')
    const pass = { ...hires, hr_cfg: 3 }
    const run = pipeline.run({ ...words, txt2img: {}, refiner: pass })
    await expect(run).rejects.toMatchObject({
      code: 'SW_PREFLIGHT_NO_SUCH_KIND',
      hint: 'remove hr_cfg, or set hr_strategy: own',
    })
    expect(sent(fake)).toEqual([])
    await pipeline.run({ ...words, txt2img: {}, refiner: { ...pass, hr_strategy: 'own' } })
    expect(sent(fake)).toMatchObject([{}, { body: { cfg_scale: 3 } }])
  })

  it('is this for what SD.Next can do, and nothing of it is ignored', async () => {
    const { fake, pipeline } = await on('sdnext')
    const { status } = await pipeline.run({
      ...words,
      model: 'sd_xl_base_1.0',
      txt2img: { scheduler: 'Karras' },
      refiner: hires,
      upscale: { upscaler_1: 'Lanczos' },
      adetailer: { units: [{ name: 'face', ad_model: 'face-yolo8n' }] },
    })
    expect(status).toBe('done')
    expect(fake.ignored).toEqual([])
    expect(sent(fake)).toMatchSnapshot()
  })

  it('holds the noise of samplers against options of the server, which would outdo it', async () => {
    const settings = { s_noise: 1.1, s_churn: 3 }
    const { fake, pipeline } = await on('a1111', { settings })
    const noise = { s_noise: 1.02, s_churn: 0 }
    await pipeline.run({ ...words, txt2img: noise, img2img: noise })
    expect(fake.ignored).toEqual([])
    const body = { ...noise, override_settings: noise }
    expect(sent(fake)).toMatchObject([{ body }, { body }])
  })

  it.each([
    ['stretch', 1],
    ['crop', 2],
    ['fill', 3],
  ] as const)('counts resize_mode from "none" on SD.Next: %s is %d', async (resize_mode, own) => {
    const { fake, pipeline } = await on('sdnext')
    const { images } = await pipeline.run({
      ...words,
      txt2img: {},
      img2img: { denoising_strength: 0.5, width: 128, height: 128, resize_mode },
    })
    expect(images.map(({ width, height }) => [width, height])).toEqual([[128, 128]])
    // As many steps as elsewhere: 4 at a denoising of 0.5 are 3, and SD.Next executes what it is told.
    expect(sent(fake)).toMatchObject([
      {},
      { body: { resize_mode: own, resize_name: 'None', steps: 3 } },
    ])
    expect(fake.ignored).toEqual([])
  })

  it('makes a high-res pass of its own on SD.Next larger, by the upscaler asked for', async () => {
    const { fake, pipeline } = await on('sdnext')
    const { images, warnings } = await pipeline.run({
      ...words,
      txt2img: {},
      refiner: { ...hires, hr_strategy: 'own', hr_second_pass_steps: 5 },
    })
    expect([images[0]?.width, warnings]).toEqual([128, []])
    expect(sent(fake)).toMatchObject([
      {},
      { body: { resize_mode: 1, resize_name: 'Lanczos', steps: 5, width: 128 } },
    ])
    expect(fake.ignored).toEqual([])
  })

  it('says on SD.Next that its detailer redraws with the server’s own model', async () => {
    const { fake, pipeline } = await on('sdnext', { samplesFormat: 'png' })
    const unit = { name: 'face', ad_model: 'face-yolo8n', ad_negative_prompt: 'blurry' }
    const { warnings } = await pipeline.run({
      ...words,
      model: 'sd_xl_base_1.0',
      txt2img: {},
      adetailer: { units: [unit] },
    })
    expect(warnings.map(String).join()).toMatch(/redraws with the model that the server is set to/)
    expect(sent(fake)).toMatchObject([{}, { body: { detailer_negative: 'blurry' } }])
  })

  it('is this for what sd-server can do, and nothing of it is ignored', async () => {
    const { fake, pipeline } = await on('sdcpp')
    const { images } = await pipeline.run({
      ...words,
      txt2img: { sampler_name: 'Euler a', scheduler: 'Karras' },
      refiner: hires,
    })
    expect(images.map(({ width, height, seed }) => [width, height, seed])).toEqual([[128, 128, 7]])
    expect(fake.ignored).toEqual([])
    expect(sent(fake)).toMatchSnapshot()
  })

  it('is this for a redraw on sd-server, which reads one picture a call', async () => {
    const { fake, pipeline } = await on('sdcpp')
    const { images } = await pipeline.run({
      ...words,
      batch_size: 2,
      txt2img: {},
      img2img: { denoising_strength: 0.5 },
    })
    expect(images.map(({ seed }) => seed)).toEqual([8, 9])
    expect(fake.ignored).toEqual([])
    expect(sent(fake)).toHaveLength(3)
  })
})

describe('what sd-server cannot do', () => {
  it.each([
    ['upscale', { upscale: { upscaler_1: 'Lanczos' } }],
    ['adetailer', { adetailer: { units } }],
    ['refiner', { refiner: { ...second } }],
    ['hires of its own', { refiner: { ...hires, hr_strategy: 'own' as const } }],
  ] as const)('is refused before any call: %s', async (_, sections) => {
    const { fake, pipeline } = await on('sdcpp')
    await expect(pipeline.run({ ...words, txt2img: {}, ...sections })).rejects.toThrow()
    expect(sent(fake)).toEqual([])
  })

  it('is a seed above 31 bits, refused before any call', async () => {
    const { fake, pipeline } = await on('sdcpp')
    const run = pipeline.run({ ...words, seed: 2 ** 31, txt2img: {} })
    await expect(run).rejects.toMatchObject({ code: 'SW_PREFLIGHT_SEED_RANGE' })
    expect(sent(fake)).toEqual([])
  })
})

describe('gotchas over HTTP', () => {
  it('a detector that finds nothing or fails answers 200: the stage is unchanged', async () => {
    for (const kind of ['nothing', 'detector_error'] as const) {
      const { fake, pipeline } = await on('a1111')
      fake.faults.add({ kind, match: { stage: 'adetailer' } })
      const { stages: done } = await pipeline.run({ ...words, txt2img: {}, adetailer: { units } })
      expect(done.at(-1)?.outcome).toBe('unchanged')
      await fake.close()
    }
  })

  it('ADetailer that is switched on in the server’s page stays off in other calls', async () => {
    const config = {
      ...words,
      txt2img: {},
      img2img: {},
      refiner: { ...hires, hr_strategy: 'own' },
    } as const
    const usual = await on('a1111', { tinyPictures: true })
    const before = await usual.pipeline.run(config)
    await usual.fake.close()
    const { fake, pipeline } = await on('a1111', { adetailer: 'switched_on', tinyPictures: true })
    const after = await pipeline.run(config)
    expect(after.images[0]?.digest).toBe(before.images[0]?.digest)
    const bodies = sent(fake) as { body: { alwayson_scripts: unknown } }[]
    expect(bodies.map(({ body }) => body.alwayson_scripts)).toEqual([
      { ADetailer: { args: [false] } },
      { ADetailer: { args: [false] } },
      { ADetailer: { args: [false] } },
    ])
  })

  it.each(['a1111', 'forge', 'reforge'] as const)(
    'settings of the %s server do not change what a call means',
    async (dialect) => {
      const made = async (settings: Record<string, unknown>) => {
        const { fake, pipeline } = await on(dialect, { settings })
        const passes = { ...hires, ...second }
        const own = { ...passes, hr_strategy: 'own' as const }
        const larger = { width: 128, height: 128 }
        const runs = [
          await pipeline.run({
            ...words,
            txt2img: {},
            img2img: larger,
            refiner: own,
            adetailer: { units },
          }),
          await pipeline.run({ ...words, txt2img: {}, refiner: passes }),
        ]
        await fake.close()
        return runs.flatMap(({ images }) => images.map(({ digest }) => digest))
      }
      const odd = {
        upscaler_for_img2img: 'R-ESRGAN 4x+',
        img2img_fix_steps: true,
        img2img_color_correction: true,
        return_mask: true,
        return_mask_composite: true,
        use_old_hires_fix_width_height: true,
        refiner_switch_by_sample_steps: false,
        hires_fix_refiner_pass: 'first pass',
      }
      expect(await made(odd)).toEqual(await made({}))
    },
  )

  it('memory that runs out on SD.Next is 200 without pictures, and may be asked for in halves', async () => {
    const fake = await startFakeWebui({ dialect: 'sdnext', vramMegapixels: 0.01 })
    const backend = webui({ url: fake.url, pollInterval: 10, onOom: 'halve_batch' })
    Object.assign(open, { fake, backend })
    const { images, warnings } = await createPipeline({ backend, stages }).run({
      ...words,
      txt2img: { batch_size: 4 },
    })
    expect(images.map(({ seed }) => seed)).toEqual([7, 8, 9, 10])
    expect(warnings.join()).toContain('out of memory')
  })

  it.each(['a1111', 'forge', 'reforge'] as const)(
    'memory that runs out on %s is a typed error that names the lever',
    async (dialect) => {
      const { fake, pipeline } = await on(dialect)
      fake.faults.add({ kind: 'oom', match: { stage: 'txt2img' } })
      const run = pipeline.run({ ...words, txt2img: { batch_size: 2 } })
      await expect(run).rejects.toMatchObject({
        code: 'SW_WEBUI_OUT_OF_MEMORY',
        hint: expect.stringContaining('batch_size 2 → 1 keeps the seeds') as string,
      })
      expect(sent(fake)).toHaveLength(1)
    },
  )

  it('a lossy samples_format is told, and a repair is then unknown', async () => {
    const fake = await startFakeWebui({ dialect: 'a1111', samplesFormat: 'jpg' })
    const backend = webui({ url: fake.url, pollInterval: 10 })
    Object.assign(open, { fake, backend })
    expect((await backend.describe()).notices.join()).toContain('samples_format')
    const { images, stages: done } = await createPipeline({ backend, stages }).run({
      ...words,
      txt2img: {},
      adetailer: { units },
    })
    expect(images[0]?.mediaType).toBe('image/jpeg')
    expect(done.at(-1)?.calls[0]?.unchanged).toBe('unknown')
  })
})
