import assert from 'node:assert/strict'

import { LearningRecorder, type RunResult } from '@stagewright/core'

import { type Journey, journey } from './journey.js'
import { A, firstSeed, t, U, words } from './words.js'

/** Cancelled runs, a lost backend, and the learning record of runs that end well or not. */
export const interruptions: readonly Journey[] = [
  journey({
    id: 'cancel/after-t',
    title: 'cancelled after t: nothing more is called, and its pictures are kept',
    config: (names) => ({ ...words(names), batch_size: 2, ...t, ...U(names), ...A(names) }),
    instead: async ({ again }) => {
      const abort = new AbortController()
      const trip = again({ script: [{ stage: 'txt2img', abort, at: 'end' }] })
      const { kind, result } = await trip.fails({ signal: abort.signal })
      assert.equal(kind, 'aborted')
      assert.equal(result?.status, 'cancelled')
      assert.deepEqual(stagesCalled(trip.fake.calls), ['txt2img'])
      assert.deepEqual(keptSeeds(result), [firstSeed, firstSeed + 1])
      assert.deepEqual(result?.images, [], 'none reached the end')
    },
  }),
  journey({
    id: 'cancel/during-u',
    title: 'cancelled during U on picture 2: 1 is kept enlarged, 2 and 3 as they were',
    config: (names) => ({ ...words(names), batch_size: 3, ...t, ...U(names), ...A(names) }),
    instead: async ({ again }) => {
      const abort = new AbortController()
      const trip = again({ script: [{ stage: 'upscale', picture: 2, abort }] })
      const { kind, result } = await trip.fails({ signal: abort.signal })
      assert.equal(kind, 'aborted')
      assert.equal(trip.calls('upscale').length, 2, 'picture 3 is not begun')
      assert.equal(trip.calls('adetailer').length, 0)
      const kept = (result?.unfinished ?? [])
        .map(({ image }) => [image?.seed, `${image?.width}x${image?.height}`])
        .toSorted(([a], [b]) => Number(a) - Number(b))
      assert.deepEqual(kept, [
        [firstSeed, '128x192'],
        [firstSeed + 1, '64x96'],
        [firstSeed + 2, '64x96'],
      ])
    },
  }),
  journey({
    id: 'lost/in-u',
    title: 'the backend is lost in U: t’s pictures are kept, and the error names U',
    config: (names) => ({ ...words(names), batch_size: 3, ...t, ...U(names), ...A(names) }),
    script: [{ stage: 'upscale', lost: true }],
    instead: async ({ fails, calls }) => {
      const error = await fails()
      assert.equal(error.code, 'SW_BACKEND_LOST')
      assert.equal(error.kind, 'backend')
      assert.match(error.message, /upscale/)
      assert.equal(calls('upscale').length, 1, 'a lost backend is not asked again')
      assert.deepEqual(
        keptSeeds(error.result),
        [0, 1, 2].map((more) => firstSeed + more),
      )
      for (const { stage } of error.result?.unfinished ?? []) assert.equal(stage, 'upscale')
    },
  }),
  journey({
    id: 'learning/success',
    title: 'a run that is done leaves one line for learning',
    config: (names) => ({ ...words(names), ...t, ...U(names), metadata: { rating: 5 } }),
    instead: async ({ again, names }) => {
      const lines: string[] = []
      const learning = new LearningRecorder({ write: (line) => void lines.push(line) })
      const { images, runId } = await again({ learning }).run()
      assert.equal(lines.length, 1)
      assert.ok(lines[0]?.endsWith('\n') && lines[0].indexOf('\n') === lines[0].length - 1)
      const record = JSON.parse(lines[0] ?? '') as Record<string, unknown>
      const { timestamp, stages, config: _, ...rest } = record
      assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.deepEqual(
        (stages as { name: string; outcome: string }[]).map(({ name, outcome }) => [name, outcome]),
        [
          ['txt2img', 'done'],
          ['upscale', 'done'],
        ],
      )
      assert.deepEqual(rest, {
        run_id: runId,
        primary_model: names.model,
        sampler_name: 'Euler',
        scheduler: 'Automatic',
        steps: 8,
        cfg_scale: 7,
        seeds: [firstSeed],
        outputs: images.map(({ digest }) => digest),
        metadata: { rating: 5 },
      })
    },
  }),
  journey({
    id: 'learning/failure',
    title: 'a run that fails leaves no line for learning',
    config: (names) => ({ ...words(names), ...t, ...U(names) }),
    instead: async ({ again }) => {
      const lines: string[] = []
      const learning = new LearningRecorder({ write: (line) => void lines.push(line) })
      const script = [{ stage: 'upscale', fail: new Error('no such upscaler') }]
      const error = await again({ learning, script }).fails()
      assert.match(error.message, /no such upscaler/)
      assert.deepEqual(lines, [])
    },
  }),
  journey({
    id: 'learning/throwing-writer',
    title: 'a learning writer that throws changes nothing but a warning',
    config: (names) => ({ ...words(names), ...t }),
    instead: async ({ again }) => {
      const learning = new LearningRecorder({
        write: () => Promise.reject(new Error('the disk is full')),
      })
      const { status, images, warnings } = await again({ learning }).run()
      assert.equal(status, 'done')
      assert.equal(images.length, 1)
      assert.match(warnings.join('\n'), /the disk is full/)
    },
  }),
]

function stagesCalled(calls: readonly { readonly stage: string }[]): string[] {
  return [...new Set(calls.map(({ stage }) => stage))]
}

/** The seeds of the pictures that did not reach the end, sorted. */
function keptSeeds(result: RunResult | undefined): number[] {
  return (result?.unfinished ?? [])
    .flatMap(({ image }) => (image === undefined ? [] : [image.seed]))
    .toSorted((a, b) => a - b)
}
