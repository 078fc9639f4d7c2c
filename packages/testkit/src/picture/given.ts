import {
  errors,
  type GivenPicture,
  ImageSource,
  provide,
  type Provider,
  type Sampling,
  type StageImage,
  stageImage,
} from '@stagewright/core'

import { fakePicture } from './fake-picture.js'
import { maskPng } from './png.js'

/** A picture to start from. */
export interface GivenSpec {
  readonly width: number
  readonly height: number
  readonly name?: string
  readonly seed?: number
  /** As a picture of an earlier run has them. */
  readonly settings?: Sampling
  /** For a mask: the share of the picture that it covers, from the top; 0–1. Default 0.5. */
  readonly coverage?: number
}

/** What a config may name, and the pictures behind each name: a file has one, a folder or a glob several. */
export type GivenPictures = Readonly<Record<string, GivenSpec | readonly GivenSpec[]>>

/** Pictures to start from, for `reprocess`: tiny PNGs of the sizes asked for, no two the same. */
export function givenPictures(...specs: readonly GivenSpec[]): StageImage[] {
  return specs.map((spec, i) => givenPicture(spec, spec.name ?? `given-${i + 1}.png`))
}

/** Provides an `ImageSource` that opens these pictures instead of files:
 *  `services: [given({ 'photo.jpg': { width: 640, height: 480 } })]`. */
export function given(pictures: GivenPictures): Provider {
  return provide(ImageSource, () => ({
    open: (reference, use) => Promise.resolve(open(pictures, reference, use)),
  }))
}

function open(
  pictures: GivenPictures,
  reference: string,
  use: 'picture' | 'mask',
): readonly GivenPicture[] {
  const found = pictures[reference]
  if (found === undefined)
    throw errors.SW_IMAGE_NONE_FOUND({ path: `the given pictures (${use})`, reference })
  const specs: readonly GivenSpec[] = Array.isArray(found) ? found : [found as GivenSpec]
  return specs.map((spec, i) => {
    const name = spec.name ?? (specs.length === 1 ? reference : `${reference}-${i + 1}`)
    if (use === 'picture') return { image: givenPicture(spec, name) }
    const { width, height, coverage = 0.5 } = spec
    return {
      image: stageImage(maskPng({ width, height, share: coverage }), { name }),
      coverage,
    }
  })
}

function givenPicture(spec: GivenSpec, name: string): StageImage {
  const { width, height, settings } = spec
  const seed = spec.seed ?? settings?.seed ?? 0
  const story = { operation: 'given', seed, effects: [], from: [], ancestors: [], request: name }
  return fakePicture({ width, height, name, settings, story })
}
