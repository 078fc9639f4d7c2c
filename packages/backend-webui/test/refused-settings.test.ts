import { describe, expect, it } from 'vitest'

import type { DialectName } from '../src/index.js'
import { hires, on, second, sent, words } from './on-fake.js'

describe('a setting that the server would ignore', () => {
  const redraw = { img2img: { denoising_strength: 0.5 } }
  const face = { name: 'face', ad_model: 'face-yolo8n' }
  const cases: [DialectName, string, object][] = [
    ['sdcpp', 'txt2img.steps', { steps: 101 }],
    ['sdcpp', 'txt2img.subseed_strength', { subseed_strength: 0.5 }],
    ['sdcpp', 'txt2img.restore_faces', { txt2img: { restore_faces: true } }],
    ['sdcpp', 'txt2img.tiling', { txt2img: { tiling: true } }],
    ['sdcpp', 'txt2img.eta', { txt2img: { eta: 0.5 } }],
    ['sdcpp', 'img2img.resize_mode', { img2img: { resize_mode: 'latent' } }],
    ['sdcpp', 'img2img.initial_noise_multiplier', { img2img: { initial_noise_multiplier: 1.1 } }],
    ['sdcpp', 'img2img.image_cfg_scale', { img2img: { image_cfg_scale: 1.5 } }],
    ['sdcpp', 'refiner.hr_prompt', { refiner: { ...hires, hr_prompt: 'sharp' } }],
    ['sdcpp', 'refiner.hr_sampler_name', { refiner: { ...hires, hr_sampler_name: 'Euler' } }],
    ['forge', 'img2img.image_cfg_scale', { img2img: { image_cfg_scale: 1.5 } }],
    [
      'forge',
      'refiner.refiner_switch_by',
      { ...redraw, refiner: { ...second, refiner_switch_by: 'noise' } },
    ],
    [
      'reforge',
      'refiner.refiner_switch_by',
      { refiner: { ...hires, ...second, refiner_switch_by: 'noise' } },
    ],
    ['sdnext', 'txt2img.scheduler', { txt2img: { sampler_name: 'Default', scheduler: 'Karras' } }],
    ['sdnext', 'img2img.restore_faces', { img2img: { restore_faces: true } }],
    ...['eta', 's_churn', 's_tmin', 's_tmax', 's_noise', 's_min_uncond'].flatMap(
      (field): typeof cases => [
        ['sdnext', `txt2img.${field}`, { txt2img: { [field]: 0.5 } }],
        ['sdnext', `img2img.${field}`, { img2img: { [field]: 0.5 } }],
      ],
    ),
    ['sdnext', 'txt2img.disable_extra_networks', { txt2img: { disable_extra_networks: true } }],
    ['sdnext', 'txt2img.seed_resize_from_w', { txt2img: { seed_resize_from_w: 32 } }],
    ['sdnext', 'txt2img.seed', { seed: 0 }],
    ['sdnext', 'txt2img.subseed_strength', { subseed_strength: 0.5 }],
    ['sdnext', 'img2img.resize_mode', { img2img: { resize_mode: 'latent' } }],
    ['sdnext', 'img2img.initial_noise_multiplier', { img2img: { initial_noise_multiplier: 1.1 } }],
    ['sdnext', 'img2img.inpainting_fill', { img2img: { inpainting_fill: 'noise' } }],
    ['sdnext', 'img2img.mask_round', { img2img: { mask_round: false } }],
    ['sdcpp', 'img2img.mask_round', { img2img: { mask_round: false } }],
    ['sdnext', 'refiner.hr_scheduler', { refiner: { ...hires, hr_scheduler: 'Karras' } }],
    [
      'sdnext',
      'refiner.hr_checkpoint_name',
      { refiner: { ...hires, hr_checkpoint_name: 'sd_xl_refiner_1.0' } },
    ],
    [
      'sdnext',
      'upscale.upscaling_resize',
      { upscale: { upscaler_1: 'Lanczos', upscaling_resize: 0.5 } },
    ],
    [
      'sdnext',
      'adetailer.units[0].ad_confidence',
      { adetailer: { units: [{ ...face, ad_confidence: 0.5 }] } },
    ],
    [
      'sdnext',
      'adetailer.units[0].ad_noise_multiplier',
      { adetailer: { units: [{ ...face, ad_noise_multiplier: 1.1 }] } },
    ],
  ]

  const setInUnits = {
    ad_cfg_scale: 5,
    ad_checkpoint: 'sd_xl_refiner_1.0',
    ad_vae: 'Automatic',
    ad_sampler: 'Euler a',
    ad_scheduler: 'Karras',
    ad_clip_skip: 2,
    ad_inpaint_width: 512,
    ad_inpaint_height: 512,
  }
  for (const [field, value] of Object.entries(setInUnits))
    cases.push([
      'sdnext',
      `adetailer.units[0].${field}`,
      { adetailer: { units: [{ ...face, [field]: value }] } },
    ])

  it.each(cases)('on %s is refused before the first call: %s', async (dialect, path, sections) => {
    const { fake, pipeline } = await on(dialect)
    const run = pipeline.run({ ...words, txt2img: {}, ...sections })
    await expect(run).rejects.toMatchObject({
      code: 'SW_PREFLIGHT_SETTING',
      message: expect.stringContaining(`${path}: `) as string,
      hint: expect.stringMatching(/remove|use|set/) as string,
    })
    expect(sent(fake)).toEqual([])
  })

  it('is no reason where it means nothing there', async () => {
    const { pipeline } = await on('sdnext', { samplesFormat: 'png' })
    const { images } = await pipeline.run({
      ...words,
      txt2img: {},
      refiner: { ...hires, hr_scheduler: 'Karras', hr_strategy: 'own' },
      upscale: { where: 'client', upscaler_1: 'Lanczos', upscaling_resize: 0.5 },
    })
    expect(images[0]?.width).toBe(64)
  })

  it.each([
    ['auto', []],
    ['merged', ['SW_NOTE_HIRES_APART']],
  ] as const)(
    'on Forge is a first pass with a refiner of its own: the high-res pass is planned as another call, also with hr_strategy: %s',
    async (hr_strategy, noted) => {
      const { fake, pipeline } = await on('forge')
      const { plan } = await pipeline.run({
        ...words,
        txt2img: { batch_size: 2 },
        refiner: { ...hires, ...second, refiner_pass: 'first', hr_strategy },
      })
      expect(plan.stages.flatMap(({ notes }) => notes.map(({ code }) => code))).toEqual(noted)
      expect(plan.stages.map(({ calls }) => calls).slice(0, 3)).toEqual([1, 0, 2])
      expect(sent(fake).map((one) => (one as { path: string }).path)).toEqual([
        '/sdapi/v1/txt2img',
        '/sdapi/v1/img2img',
        '/sdapi/v1/img2img',
      ])
    },
  )
})

describe('arguments of a script', () => {
  const script = (args: number) => ({
    img2img: {
      denoising_strength: 0.5,
      script_name: 'SD upscale',
      script_args: Array.from({ length: args }, () => null),
    },
  })

  it('are counted before the first call, also those of a later stage', async () => {
    const { fake, pipeline } = await on('a1111')
    await expect(pipeline.run({ ...words, txt2img: {}, ...script(9) })).rejects.toMatchObject({
      code: 'SW_PREFLIGHT_COUNT',
      message: 'img2img.script_name gives 9 arguments; the script "SD upscale" takes 4',
    })
    await expect(
      pipeline.run({
        ...words,
        txt2img: { alwayson_scripts: { CONTROLNET: { args: [{}, {}, {}, {}, {}] } } },
      }),
    ).rejects.toMatchObject({
      message:
        'txt2img.alwayson_scripts.CONTROLNET gives 5 arguments; the script "CONTROLNET" takes at most 3',
    })
    expect(sent(fake)).toEqual([])
  })

  it('are taken where an always-on script gets fewer than it takes', async () => {
    const { fake, pipeline } = await on('a1111')
    const alwayson_scripts = { ControlNet: { args: [{ enabled: false }] } }
    await pipeline.run({ ...words, txt2img: { alwayson_scripts } })
    expect(sent(fake)).toHaveLength(1)
  })
})
