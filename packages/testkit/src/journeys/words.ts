import type { RunConfigJson } from './journey.js'

/** Names of resources, as the backend that a journey runs on knows them. */
export interface JourneyNames {
  readonly model: string
  readonly other_model: string
  readonly refiner: string
  readonly upscaler: string
  readonly hires_upscaler: string
  readonly face: string
  readonly hands: string
}

export const defaultNames: JourneyNames = Object.freeze({
  model: 'sd_xl_base_1.0',
  other_model: 'dreamshaper_8',
  refiner: 'sd_xl_refiner_1.0',
  upscaler: 'Lanczos',
  hires_upscaler: 'Lanczos',
  face: 'face_yolov8n.pt',
  hands: 'hand_yolov8n.pt',
})

/** The seed of the first picture of every journey. */
export const firstSeed = 1000

/** Shared fields of a journey that starts from words: pictures of 64×96. */
export function words(names: JourneyNames): RunConfigJson {
  return { ...settings(names), width: 64, height: 96 }
}

/** Shared fields of a journey that starts from pictures, and takes their sizes. */
export function settings({ model }: JourneyNames): RunConfigJson {
  return {
    prompt: 'portrait of a fisherman with a red face and open hands',
    negative_prompt: 'blurry',
    model,
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    steps: 8,
    seed: firstSeed,
  }
}

/** A photo of 96×64, by name. */
export const photo = { 'photo.jpg': { width: 96, height: 64 } }

// The sections, by the letters that journeys are told with.
export const t = { txt2img: {} }
export const i = { img2img: { denoising_strength: 0.5 } }
export const iGiven = { img2img: { init_images: ['photo.jpg'], denoising_strength: 0.5 } }

export const switchOn = ({ refiner }: JourneyNames) => ({
  refiner_enabled: true,
  refiner_model_name: refiner,
})

/** To one and a half times the size. */
export const pass = ({ hires_upscaler }: JourneyNames) => ({
  enable_hr: true,
  hr_scale: 1.5,
  hr_upscaler: hires_upscaler,
  denoising_strength: 0.4,
})

export const R = (names: JourneyNames) => ({ refiner: switchOn(names) })
export const H = (names: JourneyNames) => ({ refiner: pass(names) })
export const RH = (names: JourneyNames) => ({ refiner: { ...switchOn(names), ...pass(names) } })

/** To twice the size. */
export const U = ({ upscaler }: JourneyNames) => ({
  upscale: { upscaler_1: upscaler, upscaling_resize: 2 },
})

export const A = ({ face }: JourneyNames) => ({
  adetailer: { units: [{ name: 'face', ad_model: face }] },
})
