/** A server as it is now. Times are milliseconds. */
export interface ServerStatus {
  readonly name: string
  readonly state: 'busy' | 'idle' | 'down' | 'probing' | 'new'
  /** Checkpoints that it has loaded, as far as known. */
  readonly models: readonly string[]
  /** The call that runs there. */
  readonly job?: {
    readonly owner: string
    readonly stage: string
    readonly operation: string
    readonly models: readonly string[]
    readonly ms: number
    /** 0–1, as far as told. */
    readonly progress: number
    readonly loading: boolean
  }
  /** Calls that wait and could run there. */
  readonly queued: number
  readonly done: number
  /** Calls that it failed as a server. */
  readonly failed: number
  /** Checkpoints loaded. */
  readonly loads: number
  /** Time without a call since it came up first. */
  readonly idleMs: number
  /** Why it can make none of the calls that were planned so far: `lacks model "x"`. */
  readonly unfit?: string
  /** Why it is down, and how long until it is asked again. */
  readonly error?: string
  readonly retryInMs?: number
}

/** A pool as it is now: plain data. */
export interface PoolStatus {
  readonly servers: readonly ServerStatus[]
  /** Calls that wait, that run, and that are done. */
  readonly queued: number
  readonly running: number
  readonly done: number
  /** Calls that were moved because their server failed. */
  readonly moved: number
  readonly quarantined: number
  /** Runs of queues that have not begun. */
  readonly waiting: number
  /** Server time charged, for those who wait or run. */
  readonly owners: readonly { readonly owner: string; readonly chargedMs: number }[]
}
