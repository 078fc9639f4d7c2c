import { messageOf } from '@stagewright/core'

import type { Cache } from './cache-care/contents.js'
import { cachePrune } from './cache-care/prune.js'
import type { History } from './history/history.js'

/** Milliseconds between two looks at the size of the cache. */
const pruneInterval = 60_000

/** What is done for the store beside a run: no run fails for it. */
export class Aftercare {
  readonly #store: Cache & { readonly history: History }
  readonly #mostBytes: number | undefined
  readonly #onProblem: (problem: string) => void
  #pruned = -Infinity

  constructor(
    store: Cache & { readonly history: History },
    how: { readonly mostBytes: number | undefined; readonly onProblem: (problem: string) => void },
  ) {
    this.#store = store
    this.#mostBytes = how.mostBytes
    this.#onProblem = how.onProblem
  }

  /** A run has let go of its folder. */
  async ended(folder: string): Promise<void> {
    await this.#tried(() => this.#store.history.indexRun(folder))
    const now = performance.now()
    if (now - this.#pruned < pruneInterval) return
    this.#pruned = now
    await this.#tried(() => cachePrune(this.#store, { mostBytes: this.#mostBytes }))
  }

  async #tried(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#onProblem(messageOf(error))
    }
  }
}
