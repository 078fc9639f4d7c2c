/** Where time comes from: the real one, or that of a simulation. */
export interface Clock {
  /** Milliseconds; only differences count. */
  now(): number
  /** Calls back after `ms`. `waits` says whether the program should stay for it. Returns what takes it back. */
  after(ms: number, act: () => void, waits: boolean): () => void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act, waits) => {
    const timer = setTimeout(act, ms)
    if (!waits) timer.unref()
    return () => clearTimeout(timer)
  },
}
