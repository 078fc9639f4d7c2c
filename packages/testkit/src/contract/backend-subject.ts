import type { Backend, Contribution, Sampling, StageImage } from '@stagewright/core'

import type { Exemptions } from './suite.js'

/** A backend, and the names it knows. */
export interface BackendSubject {
  /** The backend; asked for once in each clause: makes one, or hands out the same. */
  readonly backend: () => Backend | Promise<Backend>
  /** Sampling fields that the backend needs or prefers: model, sampler, size. Default: 64×96, 4 steps of Euler. */
  readonly fields?: Partial<Sampling>
  readonly upscaler?: string
  readonly hires_upscaler?: string
  readonly detector?: string
  readonly refiner?: string
  /** For operations of plugins, or in place of the request for one of core's: a minimal one, made from a picture. */
  readonly requests?: Readonly<Record<string, (image: StageImage) => unknown>>
  /** For slots of plugins: a contribution that changes the picture. */
  readonly contributions?: Readonly<Record<string, Contribution>>
  readonly exempt?: Exemptions
}
