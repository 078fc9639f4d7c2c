// What the runner adds to a stage: the same execute functions over the same no-op backend, run by PipelineRunner and
// plainly awaited one after the other, in turns.
import {
  buildPipelinePlan,
  coreCapabilities,
  defineStage,
  Img2Img,
  onGrid,
  Phase,
  PipelineRunner,
  stageImage,
  Txt2Img,
} from '@stagewright/core'
import { z } from 'zod'

import { interleaved } from './measure.mjs'
import { ms, table, target } from './table.mjs'

const cases = [
  { stages: 5, pictures: 1, observed: false },
  { stages: 5, pictures: 1, observed: true },
  { stages: 5, pictures: 8, observed: false },
  { stages: 25, pictures: 1, observed: false },
  { stages: 100, pictures: 1, observed: false },
]

const picture = stageImage(smallPng(), {})
const noop = {
  kind: 'noop',
  describe: () => Promise.resolve(coreCapabilities),
  call: (_, request) =>
    Promise.resolve({ images: request.images ?? Array(request.batch_size).fill(picture) }),
}

export async function benchRunner() {
  await measure(cases[0]) // the engine compiles both sides before anything counts
  const rows = []
  for (const one of cases) rows.push(await measure(one))
  const worst = rows.reduce((a, b) => (b.overhead > a.overhead ? b : a))
  const name = `runner's overhead a stage (${worst.stages} stages, ${inWords(worst)})`
  return {
    rows,
    targets: [target(name, worst.overhead, 100, 'µs')],
    text: table(
      'runner: PipelineRunner.run against plainly awaiting the same functions (medians)',
      ['case', 'runner ms', 'plain ms', 'ratio', 'µs/stage', 'µs/call'],
      rows.map((row) => [
        `${row.stages} stages, ${inWords(row)}`,
        ms(row.runner),
        row.plain.toFixed(4),
        row.ratio.toFixed(1),
        row.overhead.toFixed(1),
        row.perCall.toFixed(1),
      ]),
    ),
  }
}

async function measure({ stages: count, pictures, observed }) {
  const stages = Array.from({ length: count }, (_, i) => stageAt(i, pictures))
  const plan = buildPipelinePlan(
    Object.fromEntries(stages.map(({ name }) => [name, null])),
    stages,
    {},
  )
  let seen = 0
  const observers = observed ? [() => (seen += 1)] : []
  const runner = new PipelineRunner({ backend: noop, stages, observers })
  const inOrder = plan.stages.map(({ name }) => stages.find((stage) => stage.name === name))
  const repeats = Math.max(1, Math.round(100 / count))
  const several = (work) => async () => {
    for (let i = 0; i < repeats; i++) await work()
  }
  const times = await interleaved(
    {
      runner: several(() => runner.run(plan, { runId: 'bench' })),
      plain: several(() => plainly(inOrder)),
    },
    { samples: 60, warmUp: 30 },
  )
  const [run, plain] = [times.runner / repeats, times.plain / repeats]
  const calls = 1 + (count - 1) * pictures
  return {
    stages: count,
    pictures,
    observed,
    events: seen,
    runner: run,
    plain,
    ratio: run / plain,
    overhead: ((run - plain) * 1000) / count,
    perCall: ((run - plain) * 1000) / calls,
  }
}

function inWords({ pictures, observed }) {
  const words = pictures === 1 ? '1 picture' : `${pictures} pictures`
  return observed ? `${words}, observed` : words
}

/** The first makes the pictures; every other one makes a call for each. */
function stageAt(i, pictures) {
  const first = i === 0
  return defineStage({
    name: `bench_${String(i).padStart(3, '0')}`,
    phase: first ? Phase.Generate : Phase.Transform,
    ...(first ? { generates: true } : {}),
    consumes: first ? 'nothing' : 'images',
    config: z.object({ amount: z.number().default(1) }),
    plan: (_, view) => ({
      call: { operation: first ? Txt2Img : Img2Img, times: first ? 1 : view.input.length },
      ...(first
        ? { output: Array.from({ length: pictures }, () => ({ width: 8, height: 8 })) }
        : {}),
    }),
    execute: first
      ? ({ call }) => call(Txt2Img, { batch_size: pictures })
      : ({ call, each }, images) =>
          each(images, (image) => call(Img2Img, { images: [image], batch_size: 1 })),
  })
}

/** The functions alone: what a program without a runner would write. */
async function plainly(stages) {
  const { signal } = new AbortController()
  let images = []
  for (const stage of stages) {
    const context = {
      stage: stage.name,
      config: { amount: 1 },
      signal,
      onGrid: (pixels) => onGrid(pixels, coreCapabilities.grid),
      call: async (operation, request) =>
        (
          await noop.call(operation, request, {
            id: 'a call',
            stage: stage.name,
            signal,
            contributions: [],
          })
        ).images,
      each: async (all, work) => {
        const done = []
        for (const image of all) done.push(...(await work(image)))
        return done
      },
    }
    images = await stage.definition.execute(context, images)
  }
  return images
}

/** A PNG header of 8×8; nothing here decodes it. */
function smallPng() {
  const bytes = new Uint8Array(33)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x89504e47)
  view.setUint32(4, 0x0d0a1a0a)
  view.setUint32(8, 13)
  bytes.set(new TextEncoder().encode('IHDR'), 12)
  view.setUint32(16, 8)
  view.setUint32(20, 8)
  return bytes
}
