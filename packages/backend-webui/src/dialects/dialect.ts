import type { HiresPass, SizeGrid } from '@stagewright/core'

import type { BodyPart } from '../transport.js'

export const dialectNames = ['a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const
export type DialectName = (typeof dialectNames)[number]

/** Fields of a request's JSON body. */
export type Payload = Readonly<Record<string, BodyPart>>

/** A high-res pass as a dialect's `txt2img` takes it. */
export interface HiresCall {
  readonly pass: HiresPass
  readonly steps: number
  readonly cfg_scale: number
  /** The first pass's, by the server's name. */
  readonly sampler_name: string
  readonly distilled_cfg_scale?: number | undefined
  /** On the dialect's grid, as both sides. */
  readonly target: { readonly width: number; readonly height: number }
  /** The name that the server takes for a checkpoint. */
  readonly checkpoint: (name: string) => string
}

/** What tells one kind of server from another. Nothing else knows a dialect's name. */
export interface Dialect {
  readonly name: DialectName
  readonly title: string
  readonly grid: SizeGrid
  /** Largest seed; absent: 2³²−1. */
  readonly maxSeed?: number
  /** Whether a seed of 0 is taken for none. */
  readonly losesSeedZero?: true
  /** Whether a job can be followed by its own id, by the global route, or not at all. */
  readonly progress: 'task' | 'global' | 'none'
  /** Whether `POST /sdapi/v1/interrupt` stops a running job; also, whether a job can end interrupted. */
  readonly interrupt: boolean
  /** How clip skip, VAE and LoRAs are said. */
  readonly clipSkip: 'option' | 'field'
  readonly vae: 'option' | 'module' | 'fixed'
  readonly loras: 'tags' | 'field'
  /** Whether the model can be chosen, through `override_settings`, which other options go with. */
  readonly overrides: boolean
  /** Fields beyond the common ones that a generating request has here. */
  readonly fields: {
    readonly styles: boolean
    readonly subseed: boolean
    readonly restoreFaces: boolean
    readonly tiling: boolean
    readonly distilledCfg: boolean
    readonly scripts: boolean
    readonly sampling: boolean
    readonly imageCfg: boolean
  }
  /** The request's fields for a sampler and a schedule by the server's own names; "Automatic" is undefined. */
  readonly sampler: (sampler: string, scheduler: string | undefined) => Payload
  /** Schedules by the WebUI's label → the server's own name; where none are listed, these are all there are. */
  readonly schedulers: Readonly<Record<string, string>>
  /** Samplers with a schedule of their own, which no other takes the place of. */
  readonly unscheduled?: readonly string[]
  /** Samplers that the server knows beside those it lists: name here → its own name. */
  readonly samplers: Readonly<Record<string, string>>
  readonly limits: { readonly batch?: number; readonly steps?: number }
  /** Whether a grey picture is read; else it is taken for none. */
  readonly greyPictures: boolean
  /** Whether one img2img call takes several pictures. */
  readonly groups: boolean
  /** How img2img treats its picture and mask. */
  readonly img2img: {
    /** Its own numbers for stretch, crop, fill and latent, in this order, as far as it has them; none: it stretches. */
    readonly resizeModes: readonly number[]
    /** How the upscaler that enlarges a picture beforehand is said. */
    readonly upscaler: 'option' | 'resize_name' | 'none'
    /** Fields that a mask has beside itself and its inversion. */
    readonly maskFields: readonly MaskField[]
    readonly noise: boolean
    /** Whether exactly `steps` are executed, whatever the denoising strength and the option img2img_fix_steps. */
    readonly exactSteps?: true
  }
  readonly hires: {
    readonly encode: (call: HiresCall) => Payload
    /** Fields of the pass that the server lacks. */
    readonly lacks: readonly (keyof HiresPass)[]
    /** Whether the upscaler "None" makes a pass at all. */
    readonly none: boolean
  }
  readonly refiner:
    | {
        /** Counts by noise level where the option for it exists. */
        readonly byNoise: boolean
        /** Whether a refiner of the first pass is gone again in the second. */
        readonly firstPassAlone: boolean
      }
    | undefined
  readonly extras: { readonly restorers: boolean; readonly leastFactor: number } | undefined
  readonly sdUpscale: boolean
  readonly detail: 'adetailer' | 'own-route' | 'none'
  /** Where names are listed; absent: the server has nothing of the kind. */
  readonly lists: Readonly<Partial<Record<ListName, string>>>
  /** Says of an answer without pictures what it most likely means. */
  readonly emptyMeans: string
  /** Whether memory that ran out is told by an answer without pictures. */
  readonly starvesSilently?: true
}

export const maskFields = [
  'mask_blur',
  'mask_round',
  'inpainting_fill',
  'inpaint_full_res',
  'inpaint_full_res_padding',
] as const
export type MaskField = (typeof maskFields)[number]

export type ListName =
  | 'options'
  | 'models'
  | 'vaes'
  | 'modules'
  | 'loras'
  | 'styles'
  | 'samplers'
  | 'schedulers'
  | 'upscalers'
  | 'latentModes'
  | 'faceRestorers'
  | 'scripts'
  | 'detectors'
  | 'detectorFields'

/** A dialect that the WebUI's descendants share most of. */
export const hiresFields = ({ pass, checkpoint }: HiresCall): Payload => ({
  enable_hr: true,
  denoising_strength: pass.denoising_strength,
  // A size decides alone where both are there.
  ...(pass.hr_resize_x > 0 || pass.hr_resize_y > 0 ? {} : { hr_scale: pass.hr_scale }),
  hr_resize_x: pass.hr_resize_x,
  hr_resize_y: pass.hr_resize_y,
  hr_upscaler: pass.hr_upscaler,
  hr_second_pass_steps: pass.hr_second_pass_steps,
  ...given('hr_sampler_name', pass.hr_sampler_name),
  ...given('hr_scheduler', pass.hr_scheduler),
  ...given('hr_prompt', pass.hr_prompt),
  ...given('hr_negative_prompt', pass.hr_negative_prompt),
  ...(pass.hr_checkpoint_name === undefined
    ? {}
    : { hr_checkpoint_name: checkpoint(pass.hr_checkpoint_name) }),
})

/** One field, unless it has no value. */
export function given(key: string, value: BodyPart | undefined): Payload {
  return value === undefined ? {} : { [key]: value }
}
