import type { Backend } from '@stagewright/core'

/** A run that has not begun: small, so that thousands can wait. */
export interface RunDescriptor<T = unknown> {
  /** Unlike any other's that waits or is under way: a second one fails with SW_POOL_SAME_RUN. */
  readonly id: string
  /** Whose it is: a user, a sweep. Default: nobody's, "". */
  readonly owner?: string
  /** Checkpoints that its calls need, as far as known: runs on the same ones are begun together. */
  readonly models?: readonly string[]
  /** Makes it on the backend it is given, until the signal is aborted. */
  run(backend: Backend, signal: AbortSignal): Promise<T>
}

/** What became of a run. */
export type RunOutcome<T> =
  | { readonly id: string; readonly owner: string; readonly status: 'done'; readonly value: T }
  | {
      readonly id: string
      readonly owner: string
      readonly status: 'failed'
      readonly error: unknown
    }
  | { readonly id: string; readonly owner: string; readonly status: 'cancelled' }

export interface RunQueueOptions {
  /** How many descriptors are read ahead. Default 10,000. */
  readonly lookAhead?: number
  /** How many runs are under way for each server that is up. Default 2: one runs, one has its call ready. */
  readonly perServer?: number
  /** How many outcomes may wait to be read before no further run is begun. Default 1000. */
  readonly unread?: number
}

/** Runs on their way: iterate it for what becomes of them, in the order in which they end. Leaving the loop cancels the
 *  rest. */
export interface RunQueue<T> extends AsyncIterable<RunOutcome<T>> {
  /** Cancels a run, whether it waits, is under way, or has not been read yet. */
  cancel(id: string): void
  /** Cancels all runs of an owner: a sweep, a user. */
  cancelOwner(owner: string): void
  /** Cancels everything, and reads no further. */
  cancelAll(): void
  /** Runs that are read and wait, and that are under way. */
  readonly waiting: number
  readonly running: number
}

export type Descriptors<T> = Iterable<RunDescriptor<T>> | AsyncIterable<RunDescriptor<T>>
