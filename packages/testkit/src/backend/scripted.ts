import {
  askedFor,
  type Backend,
  type CallContext,
  type CallResult,
  type Capabilities,
  errors,
  imagesIn,
  type Operation,
} from '@stagewright/core'

/** What shall happen at certain calls. A step speaks of every call that all its conditions fit; `call` and `picture`
 *  are counted anew in each run, from 1. */
export interface ScriptStep {
  /** The stage that calls. */
  readonly stage?: string
  /** The label of the call: a unit's name. */
  readonly label?: string
  readonly operation?: string
  /** The n-th call that the other conditions fit. */
  readonly call?: number
  /** The n-th picture of the stage: whatever calls the stage makes for it. */
  readonly picture?: number
  /** How often it happens, over all runs. Default: always. */
  readonly times?: number

  /** The call fails with this error before it reaches the backend. */
  readonly fail?: Error | (() => Error)
  /** The call fails with SW_BACKEND_LOST: no further call of the run is made. */
  readonly lost?: true
  /** The pictures come back as they are, known to be unchanged, as from a detector that finds nothing. */
  readonly nothingFound?: true
  /** Only the first n pictures come back. */
  readonly images?: number
  /** Is aborted when the call starts, or when it has ended well. */
  readonly abort?: AbortController
  /** When to abort. Default: start. */
  readonly at?: 'start' | 'end'
  /** The call waits until the gate is open, or the run is aborted. */
  readonly wait?: Gate
}

export type Script = readonly ScriptStep[]

/** Holds calls back until it is opened. */
export interface Gate {
  /** Lets through those that wait, and all that come later. */
  open(): void
  /** Resolves when a call has arrived at the gate. */
  readonly reached: Promise<void>
  /** @throws what the signal was aborted with */
  pass(signal: AbortSignal): Promise<void>
}

export function gate(): Gate {
  let open = (): void => undefined
  let arrive = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  const reached = new Promise<void>((resolve) => (arrive = resolve))
  return {
    open: () => open(),
    reached,
    pass: async (signal) => {
      arrive()
      signal.throwIfAborted()
      const { promise, stop } = aborted(signal)
      try {
        await Promise.race([opened, promise])
      } finally {
        stop()
      }
    },
  }
}

/** Wraps a backend so that what the script says happens at its calls; all other calls go through. */
export function scripted(backend: Backend, script: Script): Backend {
  const runs = new WeakMap<AbortSignal, RunCount>()
  const happened = new Map<ScriptStep, number>()
  return {
    kind: backend.kind,
    describe: (signal?: AbortSignal): Promise<Capabilities> => backend.describe(signal),
    call: async <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      // Every run has a signal of its own.
      const count = runs.get(ctx.signal) ?? new RunCount()
      runs.set(ctx.signal, count)
      const pictures = count.pictures(ctx.stage, request)
      const steps = script.filter((step) => {
        if (!count.fits(step, operation.name, ctx, pictures)) return false
        const times = (happened.get(step) ?? 0) + 1
        happened.set(step, times)
        return times <= (step.times ?? Infinity)
      })
      for (const step of steps) await before(step, backend.kind, ctx)
      const result = steps.some((step) => step.nothingFound)
        ? { images: imagesIn(request), unchanged: true }
        : await backend.call(operation, request, ctx)
      count.made(ctx.stage, pictures, result)
      for (const step of steps) if (step.at === 'end') step.abort?.abort()
      const most = Math.min(...steps.map(({ images = Infinity }) => images))
      return most === Infinity ? result : { ...result, images: result.images.slice(0, most) }
    },
    [Symbol.asyncDispose]: async () => backend[Symbol.asyncDispose]?.(),
  }
}

async function before(step: ScriptStep, backend: string, ctx: CallContext): Promise<void> {
  if (step.at !== 'end') step.abort?.abort()
  await step.wait?.pass(ctx.signal)
  if (step.lost)
    throw errors.SW_BACKEND_LOST({ backend, reason: 'the script says that the server is gone' })
  if (step.fail !== undefined) throw typeof step.fail === 'function' ? step.fail() : step.fail
}

/** Counts the calls and pictures of one run. */
class RunCount {
  readonly #calls = new Map<ScriptStep, number>()
  /** By stage: how many pictures have been met, and which number a digest has. */
  readonly #stages = new Map<string, { met: number; numbers: Map<string, number> }>()

  /** The numbers of the pictures that a request is about, within its stage. */
  pictures(stage: string, request: unknown): number[] {
    const known = this.#stages.get(stage) ?? { met: 0, numbers: new Map<string, number>() }
    this.#stages.set(stage, known)
    const inputs = imagesIn(request)
    if (inputs.length === 0)
      return Array.from({ length: askedFor(request) }, () => (known.met += 1))
    return inputs.map(({ digest }) => {
      const number = known.numbers.get(digest) ?? (known.met += 1)
      known.numbers.set(digest, number)
      return number
    })
  }

  /** What a call made has the numbers of what it was given: the next unit works on the same picture. */
  made(stage: string, pictures: readonly number[], { images }: CallResult): void {
    const numbers = this.#stages.get(stage)?.numbers
    for (const [i, { digest }] of images.entries())
      numbers?.set(digest, pictures[i] ?? pictures.at(-1) ?? 1)
  }

  fits(
    step: ScriptStep,
    operation: string,
    { stage, label }: CallContext,
    pictures: readonly number[],
  ): boolean {
    const wrong = (wanted: string | undefined, found: string | undefined): boolean =>
      wanted !== undefined && wanted !== found
    if (wrong(step.stage, stage) || wrong(step.label, label) || wrong(step.operation, operation))
      return false
    if (step.picture !== undefined && !pictures.includes(step.picture)) return false
    const call = (this.#calls.get(step) ?? 0) + 1
    this.#calls.set(step, call)
    return step.call === undefined || step.call === call
  }
}

function aborted(signal: AbortSignal) {
  let stop = (): void => undefined
  const promise = new Promise<never>((_, reject) => {
    const listen = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', listen, { once: true })
    stop = () => signal.removeEventListener('abort', listen)
  })
  return { promise, stop }
}
