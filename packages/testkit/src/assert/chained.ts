import assert from 'node:assert/strict'

import type { RunResult } from '@stagewright/core'

import type { RecordedCall } from '../backend/recording.js'

interface Link {
  readonly stage: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** Asserts that each stage was given what the stage before it made: every picture, in order, and nothing else.
 *  Takes the calls of a `FakePipeline`, or a result. A picture that failed leaves the chain. */
export function assertChained(found: readonly RecordedCall[] | RunResult): void {
  const stages = new Map<string, Link[]>()
  for (const link of 'stages' in found ? ofResult(found) : ofCalls(found))
    stages.set(link.stage, [...(stages.get(link.stage) ?? []), link])
  let before: { readonly stage: string; readonly left: readonly string[] } | undefined
  for (const [stage, links] of stages) {
    const { entered, left } = walk(links)
    if (before !== undefined)
      assert.deepEqual(
        entered.map(short),
        before.left.map(short),
        `${stage} works on what ${before.stage} made`,
      )
    before = { stage, left }
  }
}

/** Follows each picture through the calls of one stage. */
function walk(links: readonly Link[]): { entered: string[]; left: string[] } {
  const entered: string[] = []
  let now: string[] = []
  for (const { inputs, outputs } of links) {
    for (const input of inputs) {
      if (now.includes(input)) continue
      // A picture may be asked for again: several variations of it.
      if (!entered.includes(input)) entered.push(input)
      now.push(input)
    }
    const paired = inputs.length === outputs.length
    const at = now.indexOf(inputs[0] ?? '')
    if (paired) now = now.map((one) => outputs[inputs.indexOf(one)] ?? one)
    else if (inputs.length === 0) now.push(...outputs)
    else now = [...now.slice(0, at), ...outputs, ...now.slice(at + inputs.length)]
  }
  return { entered, left: now }
}

function ofCalls(calls: readonly RecordedCall[]): Link[] {
  const digests = (images: RecordedCall['inputs']) => images.map(({ digest }) => digest)
  return calls.map(({ stage, inputs, outputs }) => ({
    stage,
    inputs: digests(inputs),
    outputs: digests(outputs),
  }))
}

function ofResult(result: RunResult): Link[] {
  return result.stages.flatMap(({ name, calls }) =>
    calls.map(({ inputs, outputs }) => ({ stage: name, inputs, outputs })),
  )
}

function short(digest: string): string {
  return digest.slice(0, 12)
}
