import { join } from 'node:path'

import {
  type CallContext,
  type CallResult,
  type ImageBatch,
  stageImage,
  type StageImage,
} from '@stagewright/core'
import {
  contentDigest,
  infotextOf,
  type PictureBlock,
  withMetadata,
  withoutPaths,
} from '@stagewright/metadata'

import { type CallEntry, type PictureRecord, recordOf } from '../calls/entry.js'
import { linkOrCopy, writeWhole } from '../disk/files.js'
import type { Objects } from '../disk/objects.js'
import { version } from '../version.js'
import { callInfotext } from './call-infotext.js'
import { planHash, type Started, type StartFile } from './started.js'

/** How a picture came to be, for what it tells of itself. */
export interface MadeBy {
  readonly started: Started
  readonly ctx: Pick<CallContext, 'stage' | 'label' | 'contributions'>
  /** Undefined for what a stage makes by itself. */
  readonly operation?: string | undefined
  readonly request?: unknown
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
    // What cannot be read that far is what its bytes are.
    const content = contentDigest(await image.bytes()) ?? image.digest
    this.#contents.set(image.digest, content)
    return content
  }

  /** Learns of pictures that are kept already. */
  learn(records: readonly PictureRecord[]): void {
    for (const { digest, content } of records) this.#contents.set(digest, content)
  }

  /** The picture as it is written down; it is among the objects then. */
  async record(image: StageImage): Promise<PictureRecord> {
    if (!(await this.#objects.isSound(image.digest)))
      await this.#objects.put(image.digest, await image.bytes())
    return recordOf(image, await this.content(image))
  }

  /** Keeps what a call gave. */
  async keep(result: CallResult, by: MadeBy, ms: number): Promise<CallEntry> {
    const warnings = [...(result.warnings ?? [])]
    const all = (images: ImageBatch) =>
      Promise.all(
        images.map(async (image, i) => this.record(await this.#told(image, by, i, warnings))),
      )
    const slots = Object.entries(result.before ?? {}).map(
      async ([slot, images]) => [slot, await all(images)] as const,
    )
    const [images, ...before] = await Promise.all([all(result.images), ...slots])
    return {
      v: 1,
      images,
      ...(result.unchanged === undefined ? {} : { unchanged: result.unchanged }),
      ...(result.unchangedMeans === undefined ? {} : { unchanged_means: result.unchangedMeans }),
      ...(before.length === 0 ? {} : { before: Object.fromEntries(before) }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ms,
      ...(result.loads === undefined ? {} : { loads: result.loads }),
      ...(result.server === undefined ? {} : { server: result.server }),
    }
  }

  /** A picture that a stage made by itself; one that is kept already stays as it is. */
  async own(image: StageImage, by: MadeBy): Promise<StageImage> {
    if (this.#contents.has(image.digest)) return image
    const told = await this.#told(image, by, 0, [])
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
  async #told(image: StageImage, by: MadeBy, i: number, warnings: string[]): Promise<StageImage> {
    const given = await image.bytes()
    const source = by.sources.length > 1 ? by.sources[i] : by.sources[0]
    const lineage = [...(source?.lineage ?? []), ...here(by.ctx)]
    const { bytes, problems } = withMetadata(given, {
      infotext: await infotextFor(image, given, by, source, lineage),
      block: blockOf(image, by, lineage),
    })
    for (const { message } of problems)
      warnings.push(`the picture does not carry all that is known of it: ${message}`)
    if (bytes === given) return image
    const { seed, settings, name } = image
    const made = stageImage(bytes, {
      seed,
      settings,
      lineage: image.lineage,
      ...(name === undefined ? {} : { name }),
    })
    this.#contents.set(made.digest, contentDigest(given) ?? made.digest)
    return made
  }
}

/** Undefined where the backend has written one of its own, or nothing is known to write. */
async function infotextFor(
  image: StageImage,
  bytes: Uint8Array,
  { ctx, operation, request }: MadeBy,
  source: StageImage | undefined,
  lineage: readonly string[],
): Promise<string | undefined> {
  const settings = image.settings ?? source?.settings
  const before = source === undefined ? undefined : infotextOf(await source.bytes())
  const there = infotextOf(bytes)
  if (settings === undefined || (there !== undefined && there !== before)) return undefined
  const { contributions } = ctx
  return callInfotext({ operation, request, contributions, settings, before, lineage })
}

/** The stages of a call as a picture's lineage names them. */
function here({ stage, label, contributions }: MadeBy['ctx']): string[] {
  const own = label === undefined ? stage : `${stage}:${label}`
  const merged = contributions.flatMap((one) =>
    'stage' in one && typeof one.stage === 'string' && one.stage !== stage ? [one.stage] : [],
  )
  return [own, ...new Set(merged)]
}

function blockOf(
  image: StageImage,
  { started, ctx }: MadeBy,
  lineage: readonly string[],
): PictureBlock {
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
