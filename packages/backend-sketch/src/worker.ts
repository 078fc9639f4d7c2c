import { parentPort, workerData } from 'node:worker_threads'

import { jobs } from './jobs.js'
import type { FromWorker, ToWorker } from './pool.js'

const port = parentPort!
const stop = new Int32Array((workerData as { stop: SharedArrayBuffer }).stop)

port.on('message', ({ id, name, input }: ToWorker) => {
  const tick = (done: number): void => {
    // A worker hears no message while it works: the flag is how it learns that its job was given up.
    if (Atomics.load(stop, 0) === id) throw new Error('stopped')
    port.postMessage({ id, done } satisfies FromWorker)
  }
  void (async () => {
    try {
      tick(0)
      const output = await (jobs[name] as (input: unknown, tick: unknown) => unknown)(input, tick)
      port.postMessage({ id, output } satisfies FromWorker)
    } catch (error) {
      port.postMessage({ id, error } satisfies FromWorker)
    }
  })()
})
