import {
  type CallResult,
  type Contribution,
  errors,
  Hires,
  imagesIn,
  Img2Img,
  type Img2ImgRequest,
  readImageHeader,
  type Sampling,
  type SizeGrid,
  type StageImage,
  Txt2Img,
  type Txt2ImgRequest,
  Upscale,
  type UpscaleRequest,
} from '@stagewright/core'
import { samplingOf, seedAt } from '@stagewright/core/sampling'

import { fakePicture, storyOf } from '../picture/fake-picture.js'
import { img2imgSize, type Size, txt2imgSizes, upscaleSize } from './sizes.js'

/** What the pictures of one call have in common. */
export interface Making {
  readonly grid: SizeGrid
  readonly effects: readonly string[]
  readonly contributions: readonly Contribution[]
  readonly fingerprint: string
  /** Slots for which the pictures before the pass are returned. */
  readonly before: ReadonlySet<string>
}

/** Answers one request with fake pictures. */
export async function answer(
  operation: string,
  request: unknown,
  making: Making,
): Promise<CallResult> {
  switch (operation) {
    case Txt2Img.name:
      return txt2img(request as Txt2ImgRequest, making)
    case Img2Img.name:
      return img2img(request as Img2ImgRequest, making)
    case Upscale.name:
      return altered(operation, request, making, upscaleSize(request as UpscaleRequest))
    default:
      // Detail, and the operations of plugins: the picture keeps its size.
      return altered(operation, request, making)
  }
}

async function txt2img(request: Txt2ImgRequest, making: Making): Promise<CallResult> {
  const { first, final } = txt2imgSizes(request, making.contributions, making.grid)
  const batch = (size: Size, effects: readonly string[]): Promise<StageImage[]> =>
    Promise.all(
      Array.from({ length: request.batch_size }, (_, i) => {
        const settings = samplingOf({ ...request, ...seedAt(request, i), ...first })
        return make(Txt2Img.name, [], size, { settings }, { ...making, effects })
      }),
    )
  const images = await batch(final, making.effects)
  if (!making.before.has(Hires.name) || Hires.from(making.contributions) === undefined)
    return { images }
  return { images, before: { [Hires.name]: await batch(first, making.effects.slice(0, 1)) } }
}

async function img2img(request: Img2ImgRequest, making: Making): Promise<CallResult> {
  const { images, batch_size: count } = request
  if (images.length === 0 || (images.length > 1 && images.length !== count))
    throw errors.SW_BACKEND_FAILED({
      backend: 'fake',
      operation: Img2Img.name,
      reason: `${images.length} pictures do not go with batch_size ${count}`,
    })
  const made = Array.from({ length: count }, (_, i) => {
    const source = images[images.length > 1 ? i : 0] as StageImage
    const size = img2imgSize(request, source, making.grid)
    const seeds = seedAt(request, i)
    const settings = samplingOf({ ...request, ...seeds })
    return make(Img2Img.name, [source], size, { settings }, making)
  })
  return { images: await Promise.all(made) }
}

/** One picture for each that came in; it keeps its seed, and the settings it was generated with. */
async function altered(
  operation: string,
  request: unknown,
  making: Making,
  size?: Size,
): Promise<CallResult> {
  const sources = imagesIn(request)
  const images = sources.map((source) =>
    make(operation, [source], size ?? source, { seed: source.seed }, making),
  )
  if (images.length > 0) return { images: await Promise.all(images) }
  const { width = 64, height = 64, seed = 0 } = request as Partial<Size & { seed: number }>
  return { images: [await make(operation, [], { width, height }, { seed }, making)] }
}

async function make(
  operation: string,
  sources: readonly StageImage[],
  { width, height }: Size,
  own: { readonly seed?: number; readonly settings?: Sampling },
  { effects, fingerprint }: Making,
): Promise<StageImage> {
  const stories = await Promise.all(sources.map(readable))
  const from = sources.map(({ digest }) => digest)
  return fakePicture({
    width,
    height,
    settings: own.settings,
    story: {
      operation,
      seed: own.settings?.seed ?? own.seed ?? 0,
      effects: [...stories.flatMap((story) => story?.effects ?? []), ...effects],
      from,
      ancestors: [...from, ...stories.flatMap((story) => story?.ancestors ?? [])],
      request: varied(fingerprint, own.settings),
    },
  })
}

/** The subseed counts only where there is a variation. */
function varied(fingerprint: string, settings: Sampling | undefined): string {
  const { subseed_strength: strength = 0, subseed = 0 } = settings ?? {}
  return strength > 0 ? `${fingerprint}/${subseed}` : fingerprint
}

/** What a picture tells, once it is clear that it is the picture it says it is.
 *  @throws {PipelineError} SW_IMAGE_NOT_READABLE */
async function readable(image: StageImage) {
  const bytes = await image.bytes()
  const header = readImageHeader(bytes)
  if (header === undefined || header.width !== image.width || header.height !== image.height)
    throw errors.SW_IMAGE_NOT_READABLE({ name: image.name ?? 'picture', bytes: bytes.byteLength })
  return storyOf(image)
}
