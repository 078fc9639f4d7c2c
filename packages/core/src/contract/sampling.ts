/** The settings a picture was generated with, resolved: every later diffusing stage starts from them.
 *  Field names and meanings are the WebUI API's. */
export interface Sampling {
  readonly prompt: string
  readonly negative_prompt: string
  readonly styles?: readonly string[] | undefined
  /** Checkpoint; unset means the server's own, which `run()` pins before the first call. */
  readonly model?: string | undefined
  readonly vae?: string | undefined
  /** Forge: text encoders and VAE files. */
  readonly additional_modules?: readonly string[] | undefined
  readonly clip_skip?: number | undefined
  readonly sampler_name: string
  readonly scheduler: string
  /** 1–150. */
  readonly steps: number
  readonly cfg_scale: number
  /** Forge, Flux. */
  readonly distilled_cfg_scale?: number | undefined
  /** Size of the generating pass in pixels, never the final one. */
  readonly width: number
  readonly height: number
  /** 0…2³²−1. */
  readonly seed: number
  readonly subseed: number
  /** 0–1. */
  readonly subseed_strength: number
}

/** Fields of the generating requests that pass through as the user wrote them. */
export interface Passthrough {
  readonly override_settings?: Readonly<Record<string, unknown>> | undefined
  readonly alwayson_scripts?: Readonly<Record<string, unknown>> | undefined
  readonly script_name?: string | undefined
  readonly script_args?: readonly unknown[] | undefined
  readonly restore_faces?: boolean | undefined
  readonly tiling?: boolean | undefined
  readonly disable_extra_networks?: boolean | undefined
  readonly seed_resize_from_w?: number | undefined
  readonly seed_resize_from_h?: number | undefined
  readonly eta?: number | undefined
  readonly s_min_uncond?: number | undefined
  readonly s_churn?: number | undefined
  readonly s_tmin?: number | undefined
  readonly s_tmax?: number | undefined
  readonly s_noise?: number | undefined
}
