import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { errors } from '../errors.js'
import { isMissing, linkOrCopy, readError, syncFolder, writeWhole } from './files.js'

/** Pictures by what they are: each is kept once, under the SHA-256 of its bytes. */
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
    if (this.#sound.has(digest)) return
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
    if (this.#sound.has(digest)) return true
    return (await this.#read(digest)) !== undefined
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

  async #write(digest: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(digest)
    if ((await sizeOf(path)) === bytes.byteLength && (await this.#read(digest)) !== undefined)
      return
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
