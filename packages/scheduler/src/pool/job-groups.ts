import type { JobSpec, Placement } from './job.js'
import { type GroupState, modelsKey } from './policy.js'

/** A job that waits. */
export interface Job {
  readonly spec: JobSpec
  /** Since when it, or what it belongs to, waits. */
  readonly since: number
  readonly start: (placement: Placement) => void
}

export interface Group {
  readonly key: string
  readonly spec: JobSpec
  readonly jobs: Set<Job>
  overtaken: number
}

/** How long a job of a kind takes, on these models. */
type Each = (kind: string, models: readonly string[]) => number

/** Jobs that wait, those that are alike together: what decides need not look at each. */
export class JobGroups {
  readonly #groups = new Map<string, Group>()

  /** How many jobs wait. */
  get count(): number {
    return [...this.#groups.values()].reduce((sum, { jobs }) => sum + jobs.size, 0)
  }

  add(job: Job): Group {
    const { owner, kind, models, able, since } = job.spec
    const key = [
      owner,
      kind,
      modelsKey(models),
      [...able].toSorted().join('\n'),
      // Work that goes on stands apart: it has waited longer.
      since === undefined ? '' : 'on',
    ].join('\n\n')
    const group = this.#groups.get(key) ?? { key, spec: job.spec, jobs: new Set(), overtaken: 0 }
    this.#groups.set(key, group)
    group.jobs.add(job)
    return group
  }

  /** False where it does not wait any more. */
  remove(group: Group, job: Job): boolean {
    if (!group.jobs.delete(job)) return false
    if (group.jobs.size === 0) this.#groups.delete(group.key)
    return true
  }

  /** Takes the oldest job of a group, for a server; groups with older ones for it are overtaken by its work. */
  take(key: string, server: string, each: Each): Job {
    const group = this.#groups.get(key) as Group
    const job = oldest(group)
    this.remove(group, job)
    group.overtaken = 0
    const ms = each(job.spec.kind, job.spec.models)
    for (const other of this.#groups.values())
      if (other !== group && oldest(other).since < job.since && other.spec.able.has(server))
        other.overtaken += ms
    return job
  }

  states(each: Each): GroupState[] {
    return [...this.#groups.values()].map((group) => {
      const { key, spec, jobs, overtaken } = group
      const { owner, models, able, kind } = spec
      const { since } = oldest(group)
      return {
        key,
        owner,
        models,
        able,
        count: jobs.size,
        each: each(kind, models),
        since,
        overtaken,
      }
    })
  }
}

function oldest({ jobs }: Group): Job {
  return jobs.values().next().value as Job
}
