const day = 24 * 60 * 60 * 1000

/** How often a piece of work asks for the time, or for a random number. */
export function countAsked<T>(work: () => T): { readonly asked: number; readonly result: T } {
  let asked = 0
  const { random } = Math
  const undo = withDate(
    class extends globalThis.Date {
      constructor(...given: [] | [number]) {
        super(...(given as unknown as []))
        if (given.length === 0) asked += 1
      }
      static override now(): number {
        asked += 1
        return super.now()
      }
    },
  )
  Math.random = () => ((asked += 1), random())
  try {
    const result = work()
    return { asked, result }
  } finally {
    Math.random = random
    undo()
  }
}

/** The work done a day later, by the clock that it sees. */
export async function aDayLater<T>(work: () => Promise<T>): Promise<T> {
  const undo = withDate(
    class extends globalThis.Date {
      constructor(...given: [] | [number]) {
        super(...((given.length === 0 ? [Date.now()] : given) as unknown as []))
      }
      static override now(): number {
        return super.now() + day
      }
    },
  )
  try {
    return await work()
  } finally {
    undo()
  }
}

function withDate(other: unknown): () => void {
  const { Date: own } = globalThis
  globalThis.Date = other as DateConstructor
  return () => void (globalThis.Date = own)
}
