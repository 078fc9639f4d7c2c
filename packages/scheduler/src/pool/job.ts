/** What is known of a job before it runs. */
export interface JobSpec {
  readonly owner: string
  /** Checkpoints it needs, in the order it loads them. */
  readonly models: readonly string[]
  /** Ids of the servers that can do it. */
  readonly able: ReadonlySet<string>
  /** What kind of job it is: jobs of a kind, on the same models, take about as long. */
  readonly kind: string
  /** When the work it belongs to began to wait; default: now. Older work goes first. */
  readonly since?: number | undefined
}

/** A job on a server. */
export interface Placement {
  readonly server: string
  /** Checkpoints that it has to load first. */
  readonly loads: readonly string[]
  /** What was in the server's memory until then. */
  readonly before: readonly string[]
  readonly at: number
}

export interface Ticket {
  /** Takes the job out of the queue. False when it runs already, or has ended. */
  cancel(): boolean
  /** Other servers can do it too by now. It keeps its place in time. */
  allow(able: ReadonlySet<string>): void
}

/** What is known of a job after it ran. */
export interface Ended {
  /** What is in the server's memory now; absent: what the job needed. */
  readonly loaded?: readonly string[] | undefined
  /** How long its loads took, where that is known. */
  readonly loading?: number | undefined
  /** Whether its times say something of the next ones. */
  readonly typical: boolean
}

/** Work that will be submitted later: 10,000 runs of which a few are begun. */
export type Backlog = () => Iterable<{
  readonly models: readonly string[]
  readonly count: number
  readonly kind: string
}>
