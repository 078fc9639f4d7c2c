import { join } from 'node:path'

import type {
  Observer,
  PipelinePlan,
  RunResult,
  StageImage,
  StageResult,
  UnfinishedImage,
} from '@stagewright/core'

import { pictureName, safeName } from './names.js'
import type { RunFolder } from './run-folder.js'

/** A final picture and where it is. */
export interface SavedPicture {
  readonly image: StageImage
  readonly path: string
}

/** Writes each stage's pictures as soon as the stage is over, so that they are there whatever happens next. */
export class PictureWriter {
  readonly #create: () => Promise<RunFolder>
  #folder: Promise<RunFolder> | undefined
  #places: ReadonlyMap<string, number> = new Map()
  #work: Promise<void> = Promise.resolve()

  constructor(create: () => Promise<RunFolder>) {
    this.#create = create
  }

  /** The run's folder, made at the first call. */
  folder(): Promise<RunFolder> {
    this.#folder ??= this.#create()
    return this.#folder
  }

  readonly observer: Observer = (event) => {
    if (event.type === 'run-started') this.#places = placesIn(event.plan)
    if (event.type === 'stage-finished') {
      const { result } = event
      this.#work = this.#work.then(() => this.#writeStage(result))
      // Told when it is waited for.
      this.#work.catch(() => undefined)
    }
  }

  /** Waits for the stages' pictures, then writes the final and the unfinished ones. */
  async finish(result: RunResult): Promise<readonly SavedPicture[]> {
    await this.#work
    const finals = await this.#writeAll('final', result.images)
    await this.#writeUnfinished(result.unfinished)
    return finals
  }

  async #writeStage({ name, images }: StageResult): Promise<void> {
    await this.#writeAll(
      join('stages', `${this.#places.get(name) ?? 0}-${safeName(name, 60)}`),
      images,
    )
  }

  async #writeUnfinished(unfinished: readonly UnfinishedImage[]): Promise<void> {
    const seen = new Map(unfinished.map((one) => [one.image?.digest, one]))
    const kept = [...seen.values()].flatMap(({ image, stage }) =>
      image === undefined ? [] : [{ image, stage }],
    )
    const folder = kept.length === 0 ? undefined : await this.folder()
    for (const [i, { image, stage }] of kept.entries()) {
      const name = pictureName(i, kept.length, image.seed, image.mediaType)
      await folder?.write(
        join('unfinished', name.replace('-s', `-${safeName(stage, 60)}-s`)),
        await image.bytes(),
      )
    }
  }

  async #writeAll(into: string, images: readonly StageImage[]): Promise<SavedPicture[]> {
    const folder = await this.folder()
    const saved: SavedPicture[] = []
    for (const [i, image] of images.entries()) {
      const name = pictureName(i, images.length, image.seed, image.mediaType)
      saved.push({ image, path: await folder.write(join(into, name), await image.bytes()) })
    }
    return saved
  }
}

/** By name, the place of each enabled stage in the plan, from 1. */
function placesIn(plan: PipelinePlan): ReadonlyMap<string, number> {
  const enabled = plan.stages.filter((stage) => stage.enabled)
  return new Map(enabled.map(({ name }, i) => [name, i + 1]))
}
