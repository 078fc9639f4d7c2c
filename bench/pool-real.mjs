// The same dispatcher on real servers in processes of their own: how much of their time is used, what happens when they
// are killed at random, and what thousands of runs cost that wait.
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { webui } from '@stagewright/backend-webui'
import { coreCapabilities, createPipeline, stageImage } from '@stagewright/core'
import { pool } from '@stagewright/scheduler'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

import { withServers } from './pool-servers.mjs'
import { ms, table, target } from './table.mjs'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const size = { width: 128, height: 128, steps: 10 }

/** Equal jobs on four servers, beside what four servers make that never wait: the same jobs on one, one after another. */
export async function equalJobs(count = 48) {
  // 10 steps of 0.0164 megapixels: 2 s a job, so that what the fakes draw on a few shared cores hardly counts.
  const latency = { model_load: 0, step: 12, megapixel: 0, scale: 1 }
  return withServers(4, latency, async (servers) => {
    const config = (seed) => ({ prompt: 'a lighthouse', ...size, seed, txt2img: {} })
    const single = await alone(servers[0].url, config)
    const calls = new Map()
    const together = pool(servers.map(({ url }, i) => timed(`server ${i}`, url, calls)))
    try {
      await together.describe()
      const runs = Array.from({ length: count }, (_, i) => ({
        id: `run ${i}`,
        run: (backend, signal) =>
          createPipeline({ backend, stages: [txt2img] }).run(config(i), { signal }),
      }))
      const started = performance.now()
      let done = 0
      for await (const { status } of together.runs(runs)) if (status === 'done') done += 1
      const took = performance.now() - started
      if (done !== count) throw new Error(`${done} of ${count} done`)
      const gaps = [...calls.values()].flatMap((spans) =>
        spans.slice(1).map(([from], i) => from - spans[i][1]),
      )
      const gap = gaps.reduce((sum, one) => sum + one, 0) / gaps.length
      const used = (count * single) / servers.length / took
      return {
        measured: { single, took, used, gap },
        targets: [
          target('ideal over taken, four real servers (1/0.95 at most)', 1 / used, 1 / 0.95, ''),
          target('idle gap a job', gap, 5, 'ms'),
        ],
        text: table(
          `${count} equal jobs on 4 servers in processes of their own`,
          ['', ''],
          [
            ['a job on one server alone (median)', `${ms(single)} ms`],
            ['ideal', `${((count * single) / servers.length / 1000).toFixed(2)} s`],
            ['taken', `${(took / 1000).toFixed(2)} s`],
            ['of the ideal', used.toFixed(3)],
            ['between two calls on a server (mean)', `${ms(gap)} ms`],
          ],
        ),
      }
    } finally {
      await together[Symbol.asyncDispose]()
    }
  })
}

/** 500 runs of two calls while servers are killed and started again at random. */
export async function chaos(count = 500) {
  const latency = { model_load: 0.1, step: 0.4, megapixel: 0, scale: 1 }
  return withServers(4, latency, async (servers) => {
    const together = pool(
      servers.map(({ url }, i) => ({
        name: `server ${i}`,
        backend: webui({ url, pollInterval: 50 }),
      })),
      // The kills are ours, not the jobs': one that was on two servers by chance is no poison.
      { quarantineAfter: 6, breaker: { first: 100, most: 1000 } },
    )
    const heaps = []
    const seen = new Map()
    const digests = new Set()
    const failures = []
    let kills = 0
    const over = new AbortController()
    const starts = []
    const restart = async (server) => {
      await pause(100 + Math.random() * 400)
      if (!over.signal.aborted) await server.start()
    }
    const killer = (async () => {
      while (!over.signal.aborted) {
        await pause(2000 + Math.random() * 2000)
        const up = servers.filter(({ running }) => running)
        // One at least stays, so that time is measured and not waiting.
        if (over.signal.aborted || up.length < 2) continue
        const victim = up[Math.floor(Math.random() * up.length)]
        await victim.kill()
        kills += 1
        starts.push(restart(victim))
      }
    })()
    const started = performance.now()
    try {
      await together.describe()
      const runs = (function* () {
        for (let i = 0; i < count; i++)
          yield {
            id: `run ${i}`,
            run: async (backend, signal) => {
              const { images } = await createPipeline({ backend, stages: [txt2img, upscale] }).run(
                {
                  prompt: `picture ${i}`,
                  ...size,
                  seed: i,
                  txt2img: {},
                  upscale: { upscaler_1: 'Lanczos', upscaling_resize: 1.5 },
                },
                { signal },
              )
              return images.map(({ digest, seed }) => ({ digest, seed }))
            },
          }
      })()
      for await (const outcome of together.runs(runs)) {
        seen.set(outcome.id, (seen.get(outcome.id) ?? 0) + 1)
        if (outcome.status === 'done') for (const { digest } of outcome.value) digests.add(digest)
        else failures.push(outcome.error)
        if (seen.size % 50 === 0) heaps.push(heap())
      }
    } finally {
      over.abort()
      await killer
      await Promise.all(starts)
      await together[Symbol.asyncDispose]()
    }
    const took = performance.now() - started
    const { moved, done } = together.status()
    const lost = count - digests.size
    const twice = [...seen.values()].filter((times) => times > 1).length
    const growth = heaps.at(-1) / heaps[1]
    return {
      measured: { kills, moved, calls: done, lost, twice, heaps, failures: failures.map(String) },
      targets: [
        target('runs lost under kills', lost, 0, ''),
        target('results delivered twice', twice, 0, ''),
        target('heap at the end beside a fifth of the way', growth, 1.15, ''),
      ],
      text: table(
        `${count} runs of two calls while servers are killed at random`,
        ['', ''],
        [
          ['taken', `${(took / 1000).toFixed(1)} s`],
          ['servers killed', kills],
          ['calls moved to another server', moved],
          ['calls made', `${done} for ${count * 2}`],
          ['lost, delivered twice', `${lost}, ${twice}`],
          ['heap, every 50 runs', heaps.map((bytes) => (bytes / 1e6).toFixed(0)).join(' ')],
          ...(failures.length > 0 ? [['failures', String(failures[0])]] : []),
        ],
      ),
    }
  })
}

/** 10,000 runs that wait, of twelve models, on four backends that answer at once. */
export async function manyRuns(count = 10_000) {
  const together = pool(
    Array.from({ length: 4 }, (_, i) => ({ name: `server ${i}`, backend: instant() })),
  )
  const before = heap()
  const started = performance.now()
  let first
  let waiting = 0
  let done = 0
  const runs = (function* () {
    for (let i = 0; i < count; i++)
      yield {
        id: `run ${i}`,
        owner: `sweep ${i % 3}`,
        models: [`model ${i % 12}`],
        run: async (backend, signal) => {
          const { images } = await createPipeline({ backend, stages: [txt2img] }).run(
            { prompt: 'x', model: `model ${i % 12}`, ...size, seed: i, txt2img: {} },
            { signal },
          )
          return images.length
        },
      }
  })()
  const queue = together.runs(runs)
  let most = 0
  for await (const { status } of queue) {
    first ??= performance.now() - started
    if (status === 'done') done += 1
    waiting = Math.max(waiting, queue.waiting)
    if (done % 1000 === 500) most = Math.max(most, heap())
  }
  const took = performance.now() - started
  await together[Symbol.asyncDispose]()
  if (done !== count) throw new Error(`${done} of ${count} done`)
  const kept = (most - before) / 1e6
  return {
    measured: { first, took, waiting, kept },
    targets: [
      target(`first result of ${count} queued runs`, first, 1000, 'ms'),
      target(`heap for ${count} queued runs`, kept, 50, 'MB'),
    ],
    text: table(
      `${count} runs that wait, on backends that answer at once`,
      ['', ''],
      [
        ['first result', `${ms(first)} ms`],
        ['all', `${(took / 1000).toFixed(1)} s, ${(took / count).toFixed(2)} ms a run`],
        ['waited at once', waiting],
        ['heap above the start, at most', `${kept.toFixed(1)} MB`],
      ],
    ),
  }
}

function heap() {
  collect()
  return process.memoryUsage().heapUsed
}

/** Median of a job on one server, straight after another, with nothing between. */
async function alone(url, config) {
  const backend = webui({ url })
  const times = []
  const timing = {
    ...backend,
    call: async (...args) => {
      const started = performance.now()
      const result = await backend.call(...args)
      times.push(performance.now() - started)
      return result
    },
  }
  const pipeline = createPipeline({ backend: timing, stages: [txt2img] })
  for (let i = 0; i < 5; i++) await pipeline.run(config(i))
  await backend[Symbol.asyncDispose]()
  return times.toSorted((a, b) => a - b)[2]
}

/** A member whose calls are kept: when each began and ended. */
function timed(name, url, calls) {
  const backend = webui({ url })
  const spans = []
  calls.set(name, spans)
  return {
    name,
    backend: {
      ...backend,
      call: async (...args) => {
        const from = performance.now()
        try {
          return await backend.call(...args)
        } finally {
          spans.push([from, performance.now()])
        }
      },
    },
  }
}

function instant() {
  const picture = stageImage(onePixel, { seed: 1 })
  return {
    kind: 'instant',
    describe: () =>
      Promise.resolve({
        ...coreCapabilities,
        resources: { model: 'any', sampler: 'any', scheduler: 'any' },
      }),
    call: () => Promise.resolve({ images: [picture] }),
  }
}

const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
)
