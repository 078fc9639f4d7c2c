import type { CallKeys } from '../calls/call-key.js'
import { type CallEntry, fits, isSound, picturesOf } from '../calls/entry.js'
import type { StoreParts } from '../store-parts.js'
import type { CallSource } from './journal-events.js'
import type { Keeper } from './keeper.js'

/** How a call is made, and what is done with what it gave. */
interface Way<T> {
  readonly make: () => Promise<CallEntry>
  readonly finish: (entry: CallEntry, source: CallSource) => Promise<T>
  readonly signal: AbortSignal
}

/** What a run need not make, by the keys of its calls: its own of before, those of runs that it may borrow from, and
 *  those of the whole store. */
export class KnownCalls {
  /** Stages whose calls are made whatever is kept. */
  anew: ReadonlySet<string> = new Set()
  readonly #store: StoreParts
  readonly #keeper: Keeper
  readonly #own: Map<string, CallEntry>
  readonly #borrowed: ReadonlyMap<string, CallEntry>

  constructor(
    store: StoreParts,
    keeper: Keeper,
    entries: Readonly<Record<'own' | 'borrowed', ReadonlyMap<string, CallEntry>>>,
  ) {
    this.#store = store
    this.#keeper = keeper
    this.#own = new Map(entries.own)
    this.#borrowed = entries.borrowed
  }

  /** Remembers what the run itself has now. */
  add(keys: readonly string[], entry: CallEntry): void {
    for (const key of keys) this.#own.set(key, entry)
  }

  /** Answers from what is kept, from what another run makes right now, or by making it. */
  async answer<T>(call: CallKeys, stage: string, { make, finish, signal }: Way<T>): Promise<T> {
    const anew = this.anew.has(stage)
    const kept =
      (await this.#sound(this.#own, call)) ?? (anew ? undefined : await this.#others(call))
    if (kept !== undefined) return finish(this.#learnt(kept), 'kept')
    if (anew || !this.#store.cached) return finish(await this.#cached(call, make), 'made')
    let source: CallSource = 'shared'
    const entry = await this.#store.flights.once(
      // By names: one who knows the hashes by now, and one who does not yet, want the same.
      call.keys.at(-1) ?? '',
      () => {
        source = 'made'
        return this.#cached(call, make)
      },
      () => this.#everyones(call),
      signal,
    )
    return finish(this.#learnt(entry), source)
  }

  #learnt(entry: CallEntry): CallEntry {
    this.#keeper.learn(picturesOf(entry))
    return entry
  }

  async #cached({ keys, hashes }: CallKeys, make: () => Promise<CallEntry>): Promise<CallEntry> {
    const made = await make()
    const entry = keys.length < 2 ? made : { ...made, hashes }
    // A picture that may be unchanged because something failed is not one for other runs.
    const sure = entry.unchanged_means === undefined
    if (this.#store.cached && sure)
      await Promise.all(keys.map((key) => this.#store.cache.put(key, entry)))
    return entry
  }

  /** From the runs that this one may borrow from, or from any of the store. */
  async #others(call: CallKeys): Promise<CallEntry | undefined> {
    return (await this.#sound(this.#borrowed, call)) ?? this.#everyones(call)
  }

  async #everyones({ keys, hashes }: CallKeys): Promise<CallEntry | undefined> {
    if (!this.#store.cached) return undefined
    for (const key of keys) {
      const entry = await this.#store.cache.get(key)
      if (entry !== undefined && fits(entry, hashes)) return entry
    }
    return undefined
  }

  async #sound(
    entries: ReadonlyMap<string, CallEntry>,
    { keys, hashes }: CallKeys,
  ): Promise<CallEntry | undefined> {
    for (const key of keys) {
      const entry = entries.get(key)
      const wanted = entry !== undefined && fits(entry, hashes)
      if (wanted && (await isSound(entry, this.#store.objects))) return entry
    }
    return undefined
  }
}
