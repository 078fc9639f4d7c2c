import type { Passthrough, Sampling } from '@stagewright/core'

/** An 8-bit RGB picture, rows from the top. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** The settings that decide a rendering: the request's own names. */
export interface Rendering extends Sampling, Pick<Passthrough, 'restore_faces' | 'tiling'> {
  /** The refiner of this pass, with its share of the steps. */
  readonly refiner?: { readonly checkpoint: string; readonly share: number } | undefined
}

/** Called between the parts of a drawing with the share done, 0–1; rejects when the call was aborted. */
export type Tick = (done: number) => Promise<void> | void
