import {
  type CallResult,
  type ExtrasRequest,
  type ModelLoad,
  type Sampling,
  type StageImage,
  Upscale,
} from '@stagewright/core'

import type { Objects } from '../disk/objects.js'
import type { CallKeys } from './call-key.js'

/** A picture as it is written down. */
export interface PictureRecord {
  /** SHA-256 of the bytes: its name among the objects. */
  readonly digest: string
  /** Hash of what makes its pixels, whatever its texts say. */
  readonly content: string
  readonly media_type: StageImage['mediaType']
  readonly width: number
  readonly height: number
  readonly seed: number
  readonly lineage: readonly string[]
  readonly settings?: Sampling | undefined
  readonly name?: string | undefined
}

/** What a call gave, or a stage that works by itself. */
export interface CallEntry {
  readonly v: 1
  readonly images: readonly PictureRecord[]
  readonly unchanged?: boolean | 'unknown' | undefined
  /** What an unchanged picture means, where the backend cannot tell. */
  readonly unchanged_means?: string | undefined
  readonly before?: Readonly<Record<string, readonly PictureRecord[]>> | undefined
  readonly warnings?: readonly string[] | undefined
  /** Milliseconds that it took when it was made, with loads. */
  readonly ms: number
  /** What was loaded for it then; absent where that is not known. */
  readonly loads?: readonly ModelLoad[] | undefined
  /** Which of several servers made it. */
  readonly server?: string | undefined
  /** Hashes of its files by kind and name, as far as they were known when it was made. */
  readonly hashes?: Readonly<Record<string, string>> | undefined
}

export function recordOf(image: StageImage, content: string): PictureRecord {
  const { digest, mediaType, width, height, seed, lineage, settings, name } = image
  return {
    digest,
    content,
    media_type: mediaType,
    width,
    height,
    seed,
    lineage,
    ...(settings === undefined ? {} : { settings }),
    ...(name === undefined ? {} : { name }),
  }
}

/** The picture of a record; its bytes are read from the objects when they are asked for. */
export function imageOf(record: PictureRecord, objects: Objects): StageImage {
  const { digest, media_type: mediaType, width, height, seed, lineage, settings, name } = record
  return Object.freeze({
    mediaType,
    width,
    height,
    seed,
    digest,
    lineage,
    settings,
    name,
    bytes: () => objects.bytes(digest),
  })
}

/** What the call gave. Its own lineage is left out: whoever asks adds the way that led there. */
export function resultOf(entry: CallEntry, objects: Objects, kept: boolean): CallResult {
  const images = (records: readonly PictureRecord[]) =>
    records.map((record) => imageOf({ ...record, lineage: [] }, objects))
  const before = Object.entries(entry.before ?? {}).map(
    ([slot, records]) => [slot, images(records)] as const,
  )
  return {
    images: images(entry.images),
    ...(entry.unchanged === undefined ? {} : { unchanged: entry.unchanged }),
    ...(entry.unchanged_means === undefined ? {} : { unchangedMeans: entry.unchanged_means }),
    ...(before.length === 0 ? {} : { before: Object.fromEntries(before) }),
    warnings: entry.warnings ?? [],
    kept,
    ...(entry.server === undefined ? {} : { server: entry.server }),
  }
}

/** What a kept call gave, as this request asked for it: what is no part of what a call is known by, and later stages may
 *  go on from. That is the seed of a variation that has no share in the noise, and all that a picture which is only
 *  enlarged has from the one that was given: another one of the same pixels may have had other words. */
export function asAsked(result: CallResult, operation: string, request: unknown): CallResult {
  const { mode, image: source } = request as Partial<ExtrasRequest>
  if (operation === Upscale.name && mode === 'extras' && source !== undefined) {
    const { seed, settings, name } = source
    return withImages(result, (image) => ({
      ...image,
      seed,
      settings,
      ...(image.name === undefined ? {} : { name }),
    }))
  }
  const { subseed, subseed_strength: strength } = request as Partial<Sampling>
  if (subseed === undefined || strength !== 0) return result
  return withImages(result, (image, i) =>
    image.settings === undefined
      ? image
      : { ...image, settings: { ...image.settings, subseed: (subseed + i) % 2 ** 32 } },
  )
}

function withImages(
  result: CallResult,
  change: (image: StageImage, i: number) => StageImage,
): CallResult {
  return { ...result, images: result.images.map((image, i) => Object.freeze(change(image, i))) }
}

/** Whether an entry that was found by one of a call's keys is what it asks for: found by the names of its files alone, it
 *  must not have been made with other files than those that are there now, as far as both are known. A server hashes one
 *  file after the other. */
export function fits({ hashes = {} }: CallEntry, now: CallKeys['hashes']): boolean {
  return Object.entries(hashes).every(([file, hash]) => (now[file] ?? hash) === hash)
}

/** Every picture that an entry names. */
export function picturesOf(entry: CallEntry): readonly PictureRecord[] {
  return [...entry.images, ...Object.values(entry.before ?? {}).flat()]
}

/** Whether every picture of the entry is there and whole. */
export async function isSound(entry: CallEntry, objects: Objects): Promise<boolean> {
  for (const { digest } of picturesOf(entry)) if (!(await objects.isSound(digest))) return false
  return true
}

/** What was read from a disk, if it is an entry. */
export function readEntry(value: unknown): CallEntry | undefined {
  const { v, images, before } = (value ?? {}) as Partial<CallEntry>
  const lists = [images, ...Object.values(before ?? {})]
  const known = lists.every((list) => Array.isArray(list) && list.every(isRecord))
  return v === 1 && known ? (value as CallEntry) : undefined
}

function isRecord(value: unknown): boolean {
  const { digest, media_type: type, width, height, seed } = (value ?? {}) as Partial<PictureRecord>
  return (
    typeof digest === 'string' &&
    /^[0-9a-f]{64}$/.test(digest) &&
    typeof type === 'string' &&
    [width, height, seed].every((number) => Number.isInteger(number))
  )
}
