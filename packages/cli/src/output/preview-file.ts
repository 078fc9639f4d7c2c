import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Observer, Preview } from '@stagewright/core'
import { endingOf, writeWhole } from '@stagewright/run-store'

/** A preview that is on the disk. */
export interface WrittenPreview {
  readonly stage: string
  readonly path: string
}

/** Keeps the newest preview of a run as one file of its folder. Those that come while one is being written are passed
 *  over, but for the last. */
export class PreviewFile {
  readonly #folder: () => string | undefined
  readonly #written: (preview: WrittenPreview, first: boolean) => void
  #next: (Preview & { readonly stage: string }) | undefined
  #work: Promise<void> | undefined
  #path: string | undefined
  #trouble: string | undefined
  #over = false

  /** `written` is told each time that the file is a new one. */
  constructor(
    folder: () => string | undefined,
    written: (preview: WrittenPreview, first: boolean) => void,
  ) {
    this.#folder = folder
    this.#written = written
  }

  readonly observer: Observer = (event) => {
    if (event.type !== 'preview' || this.#over || this.#trouble !== undefined) return
    this.#next = event
    this.#work ??= this.#writeAll()
  }

  /** Waits for what is being written, and takes the file away where it is not needed any more.
   *  @returns what went wrong, in words */
  async end(remove: boolean): Promise<readonly string[]> {
    this.#over = true
    await this.#work
    if (remove && this.#path !== undefined) await rm(this.#path, { force: true }).catch(() => {})
    return this.#trouble === undefined ? [] : [this.#trouble]
  }

  /** A preview is no reason for a run to fail. */
  async #writeAll(): Promise<void> {
    try {
      for (let one = this.#taken(); one !== undefined; one = this.#taken()) {
        const folder = this.#folder()
        if (folder === undefined) continue
        const before = this.#path
        this.#path = join(folder, `preview${endingOf(one.mediaType)}`)
        await writeWhole(this.#path, one.bytes, { sync: false })
        if (before !== undefined && before !== this.#path) await rm(before, { force: true })
        this.#written({ stage: one.stage, path: this.#path }, before === undefined)
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#trouble = `the preview could not be written: ${reason}`
    } finally {
      this.#work = undefined
    }
  }

  #taken() {
    const one = this.#next
    this.#next = undefined
    return one
  }
}
