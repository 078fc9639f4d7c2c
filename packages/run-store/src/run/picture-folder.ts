import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { PipelinePlan, StageImage, UnfinishedImage } from '@stagewright/core'

import type { PictureRecord } from '../calls/entry.js'
import type { Objects } from '../disk/objects.js'
import type { JournalEvent, SavedRecord } from './journal-events.js'
import { pictureName, safeName } from './names.js'

interface Parts {
  readonly objects: Objects
  /** Of earlier attempts at the run. */
  readonly events: readonly JournalEvent[]
  /** Keeps a picture, and writes it down. */
  readonly record: (image: StageImage) => Promise<PictureRecord>
}

/** Gives the pictures of a run their names in its folder: `stages/2-refiner/01-s7.png`, `final/01-s7.png`. */
export class PictureFolder {
  readonly #folder: string
  readonly #objects: Objects
  readonly #record: Parts['record']
  /** What earlier attempts put there, by its folder. */
  readonly #earlier: ReadonlyMap<string, readonly string[]>
  readonly #places: ReadonlyMap<string, number>

  constructor(folder: string, plan: PipelinePlan, parts: Parts) {
    const enabled = plan.stages.filter((stage) => stage.enabled)
    this.#folder = folder
    this.#objects = parts.objects
    this.#record = parts.record
    this.#earlier = pathsIn(parts.events)
    this.#places = new Map(enabled.map(({ name }, i) => [name, i + 1]))
  }

  stage(name: string, images: readonly StageImage[]): Promise<SavedRecord[]> {
    return this.#link(`stages/${this.#places.get(name) ?? 0}-${safeName(name, 60)}`, images)
  }

  final(images: readonly StageImage[]): Promise<SavedRecord[]> {
    return this.#link('final', images)
  }

  /** The newest good version of each picture that did not reach the end, once. */
  async unfinished(
    unfinished: readonly UnfinishedImage[],
  ): Promise<(SavedRecord & { readonly stage: string })[]> {
    const seen = new Map(unfinished.map((one) => [one.image?.digest, one]))
    const kept = [...seen.values()].flatMap(({ image, stage }) =>
      image === undefined ? [] : [{ image, stage }],
    )
    const saved = await this.#link(
      'unfinished',
      kept.map(({ image }) => image),
      (name, i) => name.replace('-s', `-${safeName(kept[i]?.stage ?? '', 60)}-s`),
    )
    return saved.map((one, i) => ({ ...one, stage: kept[i]?.stage ?? '' }))
  }

  async #link(
    into: string,
    images: readonly StageImage[],
    rename: (name: string, i: number) => string = (name) => name,
  ): Promise<SavedRecord[]> {
    const saved: SavedRecord[] = []
    for (const [i, image] of images.entries()) {
      const name = pictureName(i, images.length, image.seed, image.mediaType)
      const path = `${into}/${rename(name, i)}`
      const record = await this.#record(image)
      await this.#objects.link(image.digest, join(this.#folder, path))
      saved.push({ ...record, path })
    }
    const names = new Set(saved.map(({ path }) => path))
    const stale = (this.#earlier.get(into) ?? []).filter((path) => !names.has(path))
    for (const path of stale) await rm(join(this.#folder, path), { force: true })
    return saved
  }
}

function pathsIn(events: readonly JournalEvent[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const event of events) {
    if (event.type !== 'stage_finished' && event.type !== 'run_finished') continue
    const unfinished = event.type === 'run_finished' ? event.unfinished : []
    for (const { path } of [...event.images, ...unfinished]) {
      // A journal may come from anywhere: only what we would have named so ourselves is taken away.
      const folder = ours.exec(path)?.[1]
      if (folder !== undefined) found.set(folder, [...(found.get(folder) ?? []), path])
    }
  }
  return found
}

const ours = /^(final|unfinished|stages\/\d+-[\w.-]+)\/\d+-[\w.-]+\.(?:png|jpg|webp)$/
