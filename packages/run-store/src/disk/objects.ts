import { createHash } from 'node:crypto'
import { readFile, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { errors } from '../errors.js'
import { isMissing, linkOrCopy, readError, syncFolder, writeWhole } from './files.js'

/** Milliseconds until a picture that is used again is marked so again. */
const markInterval = 10 * 60_000

/** Pictures by what they are: each is kept once, under the SHA-256 of its bytes. The time of a file is when it was
 *  used last: whoever makes room lets it be for an hour, by when a journal names it. */
export class Objects {
  readonly folder: string
  /** Written or checked by this process. */
  readonly #sound = new Set<string>()
  readonly #writing = new Map<string, Promise<void>>()

  constructor(folder: string) {
    this.folder = folder
  }

  path(digest: string): string {
    if (!digestForm.test(digest)) throw new TypeError(`${digest} is no SHA-256`)
    return join(this.folder, digest.slice(0, 2), digest)
  }

  /** Keeps the bytes, durably, unless they are kept already.
   *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
  async put(digest: string, bytes: Uint8Array): Promise<void> {
    if (await this.#isStillThere(digest)) return
    const writing = this.#writing.get(digest) ?? this.#write(digest, bytes)
    this.#writing.set(digest, writing)
    try {
      await writing
    } finally {
      this.#writing.delete(digest)
    }
  }

  /** Whether the picture is there and whole. */
  async isSound(digest: string): Promise<boolean> {
    if (await this.#isStillThere(digest)) return true
    return (await this.#read(digest)) !== undefined && (await this.#use(digest))
  }

  /** @throws {PipelineError} SW_STORE_PICTURE_LOST when it is not there, or not what it was */
  async bytes(digest: string): Promise<Uint8Array> {
    const bytes = await this.#read(digest)
    if (bytes !== undefined) return bytes
    throw errors.SW_STORE_PICTURE_LOST({ digest, problem: 'is missing or damaged' })
  }

  /** Gives the picture a name elsewhere, without a second copy where the disk can. */
  async link(digest: string, path: string): Promise<void> {
    await linkOrCopy(this.path(digest), path)
  }

  /** Takes a picture away, and forgets that it was sound. */
  async remove(digest: string): Promise<void> {
    this.#sound.delete(digest)
    await rm(this.path(digest), { force: true })
  }

  /** Whether a picture that was sound has not been taken away since, by whatever process. */
  async #isStillThere(digest: string): Promise<boolean> {
    return this.#sound.has(digest) && this.#use(digest)
  }

  /** Marks it as used now, unless the folder of a run shows the same file: then it stays anyway, and so does its time.
   *  @returns whether it is there */
  async #use(digest: string): Promise<boolean> {
    const path = this.path(digest)
    const now = new Date()
    try {
      const { nlink, mtimeMs } = await stat(path)
      if (nlink === 1 && Number(now) - mtimeMs > markInterval) await utimes(path, now, now)
      return true
    } catch (error) {
      // What is somebody else's cannot be marked, and is there.
      if (!isMissing(error)) return true
      this.#sound.delete(digest)
      return false
    }
  }

  async #write(digest: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(digest)
    const isThere =
      (await sizeOf(path)) === bytes.byteLength && (await this.#read(digest)) !== undefined
    if (isThere && (await this.#use(digest))) return
    await writeWhole(path, bytes)
    await syncFolder(dirname(path))
    this.#sound.add(digest)
  }

  async #read(digest: string): Promise<Uint8Array | undefined> {
    const path = this.path(digest)
    let bytes: Uint8Array
    try {
      bytes = await readFile(path)
    } catch (error) {
      this.#sound.delete(digest)
      if (isMissing(error)) return undefined
      throw readError(path, error)
    }
    if (this.#sound.has(digest)) return bytes
    if (createHash('sha256').update(bytes).digest('hex') !== digest) return undefined
    this.#sound.add(digest)
    return bytes
  }
}

const digestForm = /^[0-9a-f]{64}$/

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (isMissing(error)) return -1
    throw readError(path, error)
  }
}
