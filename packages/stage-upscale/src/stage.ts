import { defineStage, type Need, Phase, type Stage, Upscale } from '@stagewright/core'
import { heavyCallNotes, loraNeeds, promptNotes, settleNames } from '@stagewright/core/sampling'
import type { z } from 'zod'

import { type UpscaleConfig, upscaleConfig } from './config.js'
import { requestFor } from './request.js'
import { upscaleTarget } from './target.js'

const flatKeys = [
  'upscaler_1',
  'upscaler_2',
  'extras_upscaler_2_visibility',
  'upscaling_resize',
  'upscaling_resize_w',
  'upscaling_resize_h',
  'upscaling_crop',
  'gfpgan_visibility',
  'codeformer_visibility',
  'codeformer_weight',
]

/** Enlarges each picture, keeping its seed and settings.
 *  @shape n pictures w×h → n pictures of the target size, on the backend's grid (WebUI: floored to a multiple of 8)
 *  @unit `upscaling_resize` factor, above 0 to 8; with `sd_upscale` 1–4
 *  @source WebUI modules/extras.py; API `POST /sdapi/v1/extra-single-image`; scripts/sd_upscale.py */
export const upscale: Stage<'upscale', z.input<typeof upscaleConfig>, never> = defineStage({
  name: 'upscale',
  phase: Phase.Upscale,
  consumes: 'images',
  config: upscaleConfig,
  misnomers: {
    upscaler: 'write upscaler_1',
    scale: 'write upscaling_resize',
  },
  flat: {
    enabled: ['upscale_enabled'],
    keys: {
      ...Object.fromEntries(flatKeys.map((key) => [key, key])),
      upscale_mode: 'mode',
    },
    zeroIsUnset: ['upscaling_resize_w', 'upscaling_resize_h'],
  },
  plan: (given, view) => {
    const { notes: settled, ...names } = settleNames(given.sampler_name, given.scheduler)
    const config = { ...given, ...names }
    const output = view.input.map((picture) => ({
      ...picture,
      ...upscaleTarget(config, picture, view.onGrid),
    }))
    const model = view.input[0]?.settings?.model
    const diffuses = config.mode === 'sd_upscale'
    const tile = (config.tile_width ?? 0) * (config.tile_height ?? 0)
    return {
      config,
      call: { operation: Upscale, times: view.input.length },
      models: diffuses && model !== undefined ? [model] : [],
      output,
      needs: needsOf(config),
      notes: [
        ...settled,
        ...heavyCallNotes(tile),
        ...promptNotes(config.prompt, 'prompt'),
        ...promptNotes(config.negative_prompt, 'negative_prompt'),
      ],
      why: whyOf(config),
    }
  },
  execute: ({ config, call, each }, images) =>
    each(images, (image) => call(Upscale, requestFor(config, image))),
})

function whyOf({ mode, where }: UpscaleConfig): string {
  if (mode === 'sd_upscale') return 'upscales, then redraws tile by tile'
  return where === 'client' ? 'resampled here, not on the server' : ''
}

function needsOf(config: UpscaleConfig): Need[] {
  const one = (kind: string, path: keyof UpscaleConfig, name: string | undefined): Need[] =>
    name === undefined ? [] : [{ kind, name, path }]
  const upscaler = config.where === 'client' ? 'client_upscaler' : 'upscaler'
  return [
    ...one(upscaler, 'upscaler_1', config.upscaler_1),
    ...one(upscaler, 'upscaler_2', config.upscaler_2),
    ...((config.gfpgan_visibility ?? 0) > 0
      ? one('face_restorer', 'gfpgan_visibility', 'GFPGAN')
      : []),
    ...((config.codeformer_visibility ?? 0) > 0
      ? one('face_restorer', 'codeformer_visibility', 'CodeFormer')
      : []),
    ...(config.mode === 'sd_upscale' ? one('script', 'mode', 'SD upscale') : []),
    ...one('sampler', 'sampler_name', config.sampler_name),
    ...one('scheduler', 'scheduler', config.scheduler),
    ...loraNeeds(config.prompt, 'prompt'),
    ...loraNeeds(config.negative_prompt, 'negative_prompt'),
  ]
}
