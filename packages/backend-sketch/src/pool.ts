import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import { type JobInput, type JobName, type JobOutput, jobs } from './jobs.js'

export interface ToWorker {
  readonly id: number
  readonly name: JobName
  readonly input: unknown
}

export type FromWorker =
  | { readonly id: number; readonly done: number }
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: unknown }

export interface Watch {
  readonly signal: AbortSignal
  /** Told how far a job is, 0–1. */
  readonly progress?: (done: number) => void
}

/** A few threads that walk over pixels. They start with the first jobs, keep no process alive while idle, and end
 *  with the pool. */
export interface Pool {
  run<N extends JobName>(name: N, input: JobInput<N>, watch: Watch): Promise<JobOutput<N>>
  [Symbol.asyncDispose](): Promise<void>
}

/** A pool of worker threads; where this package runs from its TypeScript sources (in its tests), jobs run in this
 *  thread instead, since Node 20 starts no worker from TypeScript: the same code, giving way between its parts. */
export function pool(size = Math.min(2, availableParallelism())): Pool {
  const file = new URL('./worker.js', import.meta.url)
  return existsSync(fileURLToPath(file))
    ? workers(file, Math.max(1, Math.floor(size)))
    : inThisThread()
}

interface Job {
  readonly message: ToWorker
  readonly watch: Watch
  readonly resolve: (output: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Member {
  readonly worker: Worker
  readonly stop: Int32Array
  job: Job | undefined
}

function workers(file: URL, size: number): Pool {
  const members: Member[] = []
  const waiting: Job[] = []
  let [ids, disposed] = [0, false]

  const start = (): Member => {
    const shared = new SharedArrayBuffer(4)
    // No flags of the process: those of `node --eval` would keep a worker from starting.
    const worker = new Worker(file, { workerData: { stop: shared }, execArgv: [] })
    const member: Member = { worker, stop: new Int32Array(shared), job: undefined }
    const lost = (error: Error) => {
      const at = members.indexOf(member)
      if (at >= 0) members.splice(at, 1)
      member.job?.reject(error)
      member.job = undefined
      next()
    }
    worker.on('message', (message: FromWorker) => {
      const { job } = member
      if (job === undefined || job.message.id !== message.id) return
      if ('done' in message) {
        if (!job.watch.signal.aborted) job.watch.progress?.(message.done)
        return
      }
      member.job = undefined
      worker.unref()
      if ('error' in message) job.reject(message.error)
      else job.resolve(message.output)
      next()
    })
    worker.on('error', lost)
    worker.on('exit', (code) => lost(new Error(`a sketch worker ended with code ${code}`)))
    worker.unref()
    members.push(member)
    return member
  }

  const next = (): void => {
    while (waiting.length > 0) {
      const member =
        members.find((one) => one.job === undefined) ??
        (members.length < size ? start() : undefined)
      if (member === undefined) return
      const job = waiting.shift()!
      member.job = job
      member.worker.ref()
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      member.worker.postMessage(job.message)
    }
  }

  return {
    run: (name, input, watch) =>
      new Promise((resolve, reject) => {
        if (disposed) throw new Error('this sketch backend has been disposed')
        watch.signal.throwIfAborted()
        const id = ++ids
        const abort = (): void => {
          const at = waiting.findIndex(({ message }) => message.id === id)
          if (at >= 0) waiting.splice(at, 1)
          const member = members.find((one) => one.job?.message.id === id)
          if (member !== undefined) Atomics.store(member.stop, 0, id)
          reject(watch.signal.reason as Error)
        }
        const settled =
          <T>(then: (value: T) => void) =>
          (value: T) => {
            watch.signal.removeEventListener('abort', abort)
            then(value)
          }
        watch.signal.addEventListener('abort', abort, { once: true })
        waiting.push({
          message: { id, name, input },
          watch,
          resolve: settled(resolve as (output: unknown) => void),
          reject: settled(reject),
        })
        next()
      }),
    [Symbol.asyncDispose]: async () => {
      disposed = true
      for (const job of waiting.splice(0))
        job.reject(new Error('this sketch backend has been disposed'))
      await Promise.all([...members].map(({ worker }) => worker.terminate()))
    },
  }
}

function inThisThread(): Pool {
  return {
    run: async (name, input, { signal, progress }) => {
      const tick = async (done: number): Promise<void> => {
        await nextTurn()
        signal.throwIfAborted()
        progress?.(done)
      }
      await tick(0)
      return (await (jobs[name] as (input: unknown, tick: unknown) => unknown)(
        input,
        tick,
      )) as never
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
