import type { CallContext } from '@stagewright/core'

import type { Clock } from './clock.js'
import type { ServerStatus } from './status.js'

interface Init {
  readonly owner: string
  readonly kind: string
  readonly models: readonly string[]
  readonly ctx: CallContext
  readonly id: string
  readonly clock: Pick<Clock, 'now'>
}

/** A call while a server is at it: what it tells of its progress, and how long it has been loading. */
export class RunningCall {
  readonly models: readonly string[]
  /** With the id of this attempt, and a progress that is listened to. */
  readonly context: CallContext
  readonly #init: Init
  readonly #began: number
  #progress = 0
  #loadingSince: number | undefined
  #loaded = 0

  constructor(init: Init) {
    const { ctx, id, models, clock } = init
    this.#init = init
    this.models = models
    this.#began = clock.now()
    this.context = {
      ...ctx,
      id,
      progress: (fraction, now) => {
        this.#hear(fraction, now?.loading === true)
        ctx.progress(fraction, now)
      },
    }
  }

  /** How long loads took so far; undefined where none was told. */
  get loadingMs(): number | undefined {
    return this.#loaded === 0 ? undefined : this.#loaded
  }

  status(): NonNullable<ServerStatus['job']> {
    const { owner, kind, models, ctx, clock } = this.#init
    return {
      owner,
      stage: ctx.stage,
      operation: kind,
      models,
      ms: clock.now() - this.#began,
      progress: this.#progress,
      loading: this.#loadingSince !== undefined,
    }
  }

  #hear(fraction: number, loading: boolean): void {
    const now = this.#init.clock.now()
    this.#progress = Math.max(this.#progress, Math.min(1, fraction))
    if (loading) this.#loadingSince ??= now
    else if (this.#loadingSince !== undefined) {
      this.#loaded += now - this.#loadingSince
      this.#loadingSince = undefined
    }
  }
}
