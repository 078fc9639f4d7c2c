import type { CallCache } from './calls/call-cache.js'
import type { SingleFlight } from './calls/single-flight.js'
import type { Objects } from './disk/objects.js'

/** What the runs of one store share. */
export interface StoreParts {
  readonly objects: Objects
  readonly cache: CallCache
  readonly flights: SingleFlight
  /** Whether runs take calls from each other, and leave theirs. */
  readonly cached: boolean
  readonly now: () => Date
  /** Told once a run lets go of its folder. */
  readonly runEnded: (folder: string) => Promise<void>
}
