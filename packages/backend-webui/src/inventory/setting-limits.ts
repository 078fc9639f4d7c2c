import {
  Detail,
  Hires,
  Img2Img,
  Refiner,
  type SettingLimit,
  Txt2Img,
  Upscale,
} from '@stagewright/core'

import type { Dialect, MaskField } from '../dialects/dialect.js'
import { supportOf } from '../dialects/support.js'
import { type Inventory, rareFields } from './inventory.js'

/** What a server would ignore of a call, in silence; `what` it is, in words. */
export interface Limit extends Omit<SettingLimit, 'reason'> {
  readonly what: string
}

/** Whatever a server cannot have of its calls' settings, for the plan and for each call. */
export function limitsOf(dialect: Dialect, inventory: Inventory): readonly Limit[] {
  return [
    ...ofGenerating(dialect),
    ...ofCombinedNames(inventory),
    ...ofRedrawing(dialect),
    ...ofPasses(dialect, inventory),
    ...ofEnlarging(dialect),
    ...(dialect.detail === 'own-route' ? ofOwnDetailer() : ofExtension(inventory)),
  ]
}

/** What plans ask for by name, as kinds `field` and `face_restorer`. */
const asked = new Set<string>([...rareFields, 'gfpgan_visibility', 'codeformer_visibility'])

/** The same as plain data, for plans; without what they ask for by name. */
export function settingsOf(dialect: Dialect, inventory: Inventory): readonly SettingLimit[] {
  return limitsOf(dialect, inventory)
    .filter(({ field }) => !asked.has(field))
    .map(({ what, ...limit }) => ({ ...limit, reason: `${dialect.title} cannot do ${what}` }))
}

const automatic = ['Automatic', 'automatic']
const absent = { only: [] } as const
const off = { only: [false] } as const
const none = { most: 0 } as const

type Bound = Pick<SettingLimit, 'only' | 'least' | 'most' | 'beside'>

function ofGenerating({ fields, limits, unscheduled = [], losesSeedZero }: Dialect): Limit[] {
  const on = [Txt2Img.name, Img2Img.name]
  const lacking = (has: boolean, field: string, bound: Bound): Limit[] =>
    has ? [] : [{ on, field, what: field, remedy: `remove ${field}`, ...bound }]
  const { steps: most } = limits
  return [
    ...(most === undefined
      ? []
      : [
          {
            on,
            field: 'steps',
            what: `more than ${most} steps`,
            remedy: `use at most ${most} steps`,
            most,
          },
        ]),
    ...(losesSeedZero === true
      ? [
          {
            on: [...on, Detail.name],
            field: 'seed',
            what: 'the seed 0, which it takes for none',
            remedy: 'use another seed',
            ...absent,
            beside: { seed: 0 },
          },
        ]
      : []),
    ...(fields.subseed
      ? []
      : [
          {
            on,
            field: 'subseed_strength',
            what: 'variation seeds',
            remedy: 'set subseed_strength to 0',
            ...none,
          },
        ]),
    ...lacking(fields.restoreFaces, 'restore_faces', off),
    ...lacking(fields.tiling, 'tiling', off),
    ...['eta', 's_churn', 's_min_uncond', 's_noise', 's_tmax', 's_tmin'].flatMap((field) =>
      lacking(fields.sampling, field, absent),
    ),
    ...lacking(fields.sampling, 'disable_extra_networks', off),
    ...lacking(fields.sampling, 'seed_resize_from_w', none),
    ...lacking(fields.sampling, 'seed_resize_from_h', none),
    ...unscheduled.map((sampler_name) => ({
      on,
      field: 'scheduler',
      what: `a schedule with the sampler ${sampler_name}`,
      remedy: 'set scheduler: Automatic, or name a sampler',
      only: automatic,
      beside: { sampler_name },
    })),
  ]
}

/** Where sampler and schedule are one name, not every sampler has every schedule. */
function ofCombinedNames({ combinedSamplers: combined, names }: Inventory): Limit[] {
  const { sampler, scheduler } = names
  if (combined === undefined || !Array.isArray(sampler) || !Array.isArray(scheduler)) return []
  return (sampler as string[]).map((sampler_name) => ({
    on: [Txt2Img.name, Img2Img.name],
    field: 'scheduler',
    what: `such a schedule with ${sampler_name}`,
    remedy: 'choose one of its samplers that ends so',
    only: [
      ...automatic,
      ...(scheduler as string[]).filter((one) => combined.has(`${sampler_name} ${one}`)),
    ],
    beside: { sampler_name },
  }))
}

function ofRedrawing({ img2img, fields }: Dialect): Limit[] {
  const on = [Img2Img.name]
  const lacking = (has: boolean, field: string, what: string, remedy: string, bound: Bound) =>
    has ? [] : [{ on, field, what, remedy, ...bound }]
  const { resizeModes, noise, maskFields } = img2img
  const masks = (field: MaskField): boolean => maskFields.includes(field)
  const [multiplier, cfg] = ['initial_noise_multiplier', 'image_cfg_scale'] as const
  return [
    ...lacking(
      resizeModes.length > 3,
      'resize_mode',
      'resize_mode: latent',
      'use resize_mode: stretch',
      {
        only: [0, 1, 2],
      },
    ),
    ...lacking(noise, multiplier, multiplier, `remove ${multiplier}`, { only: [1] }),
    ...lacking(fields.imageCfg, cfg, cfg, `remove ${cfg}`, absent),
    ...lacking(
      masks('inpaint_full_res'),
      'inpaint_full_res',
      'inpaint_full_res',
      'set inpaint_full_res: false',
      off,
    ),
    ...lacking(
      masks('inpainting_fill'),
      'inpainting_fill',
      'inpainting_fill',
      'use inpainting_fill: original',
      { only: [1] },
    ),
    ...lacking(masks('mask_round'), 'mask_round', 'mask_round', 'remove mask_round', absent),
  ]
}

function ofPasses({ name, hires, refiner }: Dialect, { options }: Inventory): Limit[] {
  const own = supportOf(name, 'own_hires')?.is === 'no' ? '' : ', or set hr_strategy: own'
  const counted = Object.hasOwn(options, 'refiner_switch_by_sample_steps')
  const byNoise = refiner?.byNoise === true && counted
  return [
    ...hires.lacks.map((field) => ({
      on: [Hires.name],
      field,
      what: `${field} in a high-res pass`,
      remedy: `remove ${field}${own}`,
      // Sections have no prompt of the pass as an empty one.
      only: [''],
    })),
    ...(byNoise
      ? []
      : [
          {
            on: [Refiner.name],
            field: 'refiner_switch_by',
            what: 'refiner_switch_by: noise',
            remedy: 'use refiner_switch_by: steps',
            only: ['steps'],
          },
        ]),
  ]
}

function ofEnlarging({ extras }: Dialect): Limit[] {
  if (extras === undefined) return []
  const { leastFactor: least, restorers } = extras
  const common = { on: [Upscale.name], beside: { mode: 'extras', where: 'server' } }
  return [
    ...(least === 0
      ? []
      : [
          {
            ...common,
            field: 'upscaling_resize',
            what: `a factor below ${least}`,
            remedy: `use upscaling_resize from ${least}`,
            least,
          },
        ]),
    ...(restorers ? [] : ['gfpgan_visibility', 'codeformer_visibility']).map((field) => ({
      ...common,
      field,
      what: field.startsWith('gfpgan') ? 'GFPGAN' : 'CodeFormer',
      remedy: `remove ${field}`,
      ...none,
    })),
  ]
}

/** What a unit must leave at its default, because SD.Next's detailer has its own settings for it. */
const ownInSdnext: Readonly<Record<string, readonly unknown[]>> = {
  ad_model_classes: [''],
  ad_confidence: [0.3],
  ad_mask_filter_method: ['Area'],
  ad_mask_k: [0],
  ad_mask_min_ratio: [0],
  ad_mask_max_ratio: [1],
  ad_dilate_erode: [4],
  ad_x_offset: [0],
  ad_y_offset: [0],
  ad_mask_merge_invert: ['None'],
  ad_mask_blur: [4],
  ad_inpaint_only_masked: [true],
  ad_inpaint_only_masked_padding: [32],
  ad_restore_face: [false],
  ad_noise_multiplier: [],
  ad_controlnet_model: [],
  ad_inpaint_width: [],
  ad_inpaint_height: [],
  ad_cfg_scale: [],
  ad_checkpoint: [],
  ad_vae: [],
  ad_sampler: [],
  ad_scheduler: [],
  ad_clip_skip: [],
}

function ofOwnDetailer(): Limit[] {
  return Object.entries(ownInSdnext).map(([field, only]) => ({
    on: [Detail.name],
    field: `units[].${field}`,
    what: `${field} in a unit`,
    remedy: `remove ${field}: its detailer has a setting of its own`,
    only,
  }))
}

/** Fields of later versions of the extension, by what means the same as without them: it leaves out a unit with a field
 *  that it does not know. */
export const harmlessUnit: Readonly<Record<string, readonly unknown[]>> = {
  ad_model_classes: [''],
  ad_mask_filter_method: ['Area'],
  ad_mask_k: [0],
  ad_restore_face: [false],
  ad_noise_multiplier: [],
  ad_controlnet_model: [],
  ad_controlnet_module: [],
}

function ofExtension({ detailerFields: known }: Inventory): Limit[] {
  if (known === undefined) return []
  return Object.entries(harmlessUnit).flatMap(([field, only]) =>
    known.includes(field) || (field === 'ad_mask_k' && known.includes('ad_mask_k_largest'))
      ? []
      : [
          {
            on: [Detail.name],
            field: `units[].${field}`,
            what: `${field} (its ADetailer has no such field)`,
            remedy: 'update the extension',
            only,
          },
        ],
  )
}
