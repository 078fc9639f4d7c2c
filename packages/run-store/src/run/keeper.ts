import { join } from 'node:path'

import {
  type CallContext,
  type CallResult,
  Hires,
  type ImageBatch,
  Refiner,
  stageImage,
  type StageImage,
} from '@stagewright/core'
import {
  contentDigest,
  infotext,
  type PictureBlock,
  readMetadata,
  withMetadata,
  withoutPaths,
  withPairs,
} from '@stagewright/metadata'

import { type CallEntry, type PictureRecord, recordOf } from '../calls/entry.js'
import { linkOrCopy, writeWhole } from '../disk/files.js'
import type { Objects } from '../disk/objects.js'
import { version } from '../version.js'
import { planHash, type Started, type StartFile } from './started.js'

/** How a picture came to be, for what it tells of itself. */
export interface MadeBy {
  readonly started: Started
  readonly ctx: Pick<CallContext, 'stage' | 'label' | 'contributions'>
  /** What it was made from: one for all, or one each. */
  readonly sources: ImageBatch
}

/** Keeps pictures: with what they tell of themselves, among the objects, and known by their content. */
export class Keeper {
  readonly #objects: Objects
  readonly #contents = new Map<string, string>()

  constructor(objects: Objects) {
    this.#objects = objects
  }

  /** What makes the picture's pixels, as a hash. */
  async content(image: StageImage): Promise<string> {
    const known = this.#contents.get(image.digest)
    if (known !== undefined) return known
    const content = contentDigest(await image.bytes())
    this.#contents.set(image.digest, content)
    return content
  }

  /** The picture as it is written down; it is among the objects then. */
  async record(image: StageImage): Promise<PictureRecord> {
    if (!(await this.#objects.isSound(image.digest)))
      await this.#objects.put(image.digest, await image.bytes())
    return recordOf(image, await this.content(image))
  }

  /** Keeps what a call gave. */
  async keep(result: CallResult, by: MadeBy, ms: number): Promise<CallEntry> {
    const all = (images: ImageBatch) =>
      Promise.all(images.map(async (image, i) => this.record(await this.#told(image, by, i))))
    const slots = Object.entries(result.before ?? {}).map(
      async ([slot, images]) => [slot, await all(images)] as const,
    )
    const [images, ...before] = await Promise.all([all(result.images), ...slots])
    return {
      v: 1,
      images,
      ...(result.unchanged === undefined ? {} : { unchanged: result.unchanged }),
      ...(before.length === 0 ? {} : { before: Object.fromEntries(before) }),
      ...(result.warnings === undefined ? {} : { warnings: result.warnings }),
      ms,
    }
  }

  /** A picture that a stage made by itself; one that is kept already stays as it is. */
  async own(image: StageImage, by: MadeBy): Promise<StageImage> {
    if (this.#contents.has(image.digest)) return image
    const told = await this.#told(image, by, 0)
    await this.record(told)
    return told
  }

  /** Puts a file into a run's folder. */
  async file(folder: string, file: StartFile): Promise<void> {
    const path = join(folder, file.path)
    if ('content' in file) return writeWhole(path, file.content)
    const { digest } = await this.record(file.image)
    return linkOrCopy(this.#objects.path(digest), path)
  }

  /** The picture with its infotext, where it has none, and with what we know of it. Pixels stay as they are. */
  async #told(image: StageImage, by: MadeBy, i: number): Promise<StageImage> {
    const bytes = await image.bytes()
    const { sources } = by
    const source = sources.length > 1 ? sources[i] : sources[0]
    const settings = image.settings ?? source?.settings
    const lineage = [...(source?.lineage ?? []), ...here(by.ctx)]
    const read = readMetadata(bytes)
    const told = withMetadata(bytes, {
      ...(read.infotext === undefined && settings !== undefined
        ? { infotext: textOf(settings, by.ctx, lineage) }
        : {}),
      block: blockOf(image, by, lineage),
    })
    if (told === bytes) return image
    const { seed, name } = image
    const made = stageImage(told, {
      seed,
      settings: image.settings,
      lineage: image.lineage,
      ...(name === undefined ? {} : { name }),
    })
    this.#contents.set(made.digest, contentDigest(bytes))
    return made
  }
}

/** The stages of a call as a picture's lineage names them. */
function here({ stage, label, contributions }: MadeBy['ctx']): string[] {
  const own = label === undefined ? stage : `${stage}:${label}`
  const merged = contributions.flatMap((one) =>
    'stage' in one && typeof one.stage === 'string' && one.stage !== stage ? [one.stage] : [],
  )
  return [own, ...new Set(merged)]
}

function textOf(
  settings: NonNullable<StageImage['settings']>,
  { contributions }: MadeBy['ctx'],
  lineage: readonly string[],
): string {
  const text = infotext({
    settings,
    hires: Hires.from(contributions),
    refiner: Refiner.from(contributions),
  })
  const stages = lineage.map((one) => one.replace(/:(.*)$/, ' ($1)')).join(' > ')
  return withPairs(text, [['Stages', stages]])
}

function blockOf(image: StageImage, { started, ctx }: MadeBy, lineage: string[]): PictureBlock {
  const { plan, config, backend, capabilities, versions } = started
  const { dialect, version: serverVersion } = capabilities.identity ?? {}
  const on = plan.stages.filter(({ enabled }) => enabled)
  return {
    v: 1,
    made_by: { name: 'stagewright', version },
    plan: planHash(plan),
    config: withoutPaths(config),
    stages: on.map(({ name }) => ({ name, version: versions[name] ?? '1' })),
    lineage,
    stage: ctx.stage,
    seed: image.seed,
    ...(image.settings === undefined ? {} : { settings: image.settings }),
    backend: {
      kind: backend,
      ...(dialect === undefined ? {} : { dialect }),
      ...(serverVersion === undefined ? {} : { version: serverVersion }),
    },
  }
}
