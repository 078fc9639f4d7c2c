import { modelsKey } from './policy.js'

export interface Guesses {
  /** Milliseconds for a job, until one was seen. */
  readonly job: number
  /** Milliseconds for a load, until one was seen. */
  readonly load: number
}

/** How long jobs and loads take: medians of the last ones seen, the nearest kind of job where this one is new. */
export class Estimates {
  readonly #jobs = new Map<string, Seen>()
  readonly #loads = new Map<string, Seen>()
  readonly #allLoads = new Seen()
  readonly #guesses: Guesses

  constructor(guesses: Guesses) {
    this.#guesses = guesses
  }

  job(kind: string, models: readonly string[]): number {
    return this.seenJob(kind, models) ?? this.#jobs.get(kind)?.median ?? this.#guesses.job
  }

  /** Undefined where none was seen. */
  seenJob(kind: string, models: readonly string[]): number | undefined {
    return this.#jobs.get(`${kind}\n${modelsKey(models)}`)?.median
  }

  load(server: string): number {
    return this.#loads.get(server)?.median ?? this.#allLoads.median ?? this.#guesses.load
  }

  sawJob(kind: string, models: readonly string[], ms: number): void {
    seenIn(this.#jobs, `${kind}\n${modelsKey(models)}`).add(ms)
    seenIn(this.#jobs, kind).add(ms)
  }

  sawLoad(server: string, ms: number): void {
    seenIn(this.#loads, server).add(ms)
    this.#allLoads.add(ms)
  }
}

const kept = 15
/** More kinds than this are forgotten, the oldest first. */
const most = 1000

class Seen {
  readonly #values: number[] = []
  median: number | undefined

  add(value: number): void {
    this.#values.push(value)
    if (this.#values.length > kept) this.#values.shift()
    const sorted = this.#values.toSorted((a, b) => a - b)
    this.median = sorted[sorted.length >> 1]
  }
}

function seenIn(all: Map<string, Seen>, key: string): Seen {
  const known = all.get(key) ?? new Seen()
  all.delete(key)
  all.set(key, known)
  const oldest = all.size > most ? all.keys().next().value : undefined
  if (oldest !== undefined) all.delete(oldest)
  return known
}
