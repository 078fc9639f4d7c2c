import { createHash } from 'node:crypto'

import { type Sampling, type StageImage, stageImage } from '@stagewright/core'

import { pngText, solidPng } from './png.js'

const keyword = 'stagewright-story'

/** What a fake picture says of itself, in a text chunk of its PNG. */
export interface Story {
  /** The operation that made it; `given` for a picture to start from. */
  readonly operation: string
  readonly seed: number
  /** Every effect on it and on the pictures it was made from, in order: for each call the stage that called, with
   *  `:label` where the call had one, then the stages merged into the call. */
  readonly effects: readonly string[]
  /** Digests of the pictures that the call was given. */
  readonly from: readonly string[]
  /** Digests of those, of the pictures they were made from, and so on. */
  readonly ancestors: readonly string[]
  /** SHA-256 of the request and its contributions: other settings, another picture. */
  readonly request: string
}

export interface FakePictureInit {
  readonly width: number
  readonly height: number
  readonly story: Story
  readonly settings?: Sampling | undefined
  readonly name?: string | undefined
  readonly lineage?: readonly string[] | undefined
}

/** A small but real PNG of the declared size, in one colour that follows from its story. */
export function fakePicture(init: FakePictureInit): StageImage {
  const { width, height, story, settings, name, lineage } = init
  const text = JSON.stringify(story)
  const [red = 0, green = 0, blue = 0] = createHash('sha256').update(text).digest()
  const bytes = solidPng({ width, height, colour: [red, green, blue], texts: { [keyword]: text } })
  return stageImage(bytes, {
    seed: story.seed,
    settings,
    ...(name === undefined ? {} : { name }),
    ...(lineage === undefined ? {} : { lineage }),
  })
}

/** What a picture says of itself; undefined for one that no fake backend made. */
export async function storyOf(image: StageImage): Promise<Story | undefined> {
  const text = pngText(await image.bytes(), keyword)
  return text === undefined ? undefined : (JSON.parse(text) as Story)
}

/** Every effect on a picture, in the order in which it happened, read from its bytes:
 *  `['txt2img', 'refiner', 'upscale', 'adetailer:face']`.
 *  @throws {TypeError} for a picture that no fake backend made */
export async function effectsOf(image: StageImage): Promise<string[]> {
  const story = await storyOf(image)
  if (story === undefined)
    throw new TypeError(
      `the picture ${image.digest.slice(0, 12)} tells no story: only pictures of a fake backend do; read image.lineage instead`,
    )
  return [...story.effects]
}
