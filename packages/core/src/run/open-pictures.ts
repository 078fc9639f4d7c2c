import { ErrorCollector } from '../config/collect.js'
import type { GivenPicture } from '../contract/image-source.js'
import { ImageSource, pictureKey } from '../contract/image-source.js'
import type { PictureReference, Stage } from '../contract/stage.js'
import type { Scope } from '../di/scope.js'
import { errors } from '../errors/catalogue.js'
import { isPipelineError } from '../errors/pipeline-error.js'

export type GivenPictures = ReadonlyMap<string, readonly GivenPicture[]>

interface Enabled {
  readonly stage: Stage
  readonly config: unknown
}

/** Opens every picture that enabled stages and `input_images` name, so that sizes are known before planning.
 *  @throws {PipelineError} SW_IMAGE_… naming the place in the config, all at once */
export async function openPictures(
  stages: readonly Enabled[],
  inputImages: readonly string[],
  services: Scope,
): Promise<GivenPictures> {
  const references: PictureReference[] = [
    ...inputImages.map((reference, i) => ({
      reference,
      path: `input_images[${i}]`,
      use: 'picture' as const,
    })),
    ...stages.flatMap(({ stage, config }) =>
      (stage.definition.pictures?.(config as never) ?? []).map((one) => ({
        ...one,
        path: `${stage.name}.${one.path}`,
      })),
    ),
  ]
  const opened = new Map<string, readonly GivenPicture[]>()
  const found = new ErrorCollector()
  for (const { reference, path, use } of references) {
    const key = pictureKey(reference, use)
    if (opened.has(key)) continue
    try {
      if (!services.has(ImageSource)) throw errors.SW_IMAGE_NO_SOURCE({ path, reference })
      const pictures = await services.get(ImageSource).open(reference, use)
      if (pictures.length === 0) throw errors.SW_IMAGE_NONE_FOUND({ path, reference })
      opened.set(key, pictures)
    } catch (error) {
      if (!isPipelineError(error)) throw error
      found.add(error)
    }
  }
  found.throwIfAny()
  return opened
}
