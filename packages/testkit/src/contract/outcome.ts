import { isDeepStrictEqual } from 'node:util'

import type { Stage } from '@stagewright/core'

import { bench, configOf, type StageSubject } from './stage-subject.js'

/** What a run asked of the backend, and the digests of the pictures it ended with. */
export async function outcome(
  subject: StageSubject,
  { seed, stage = subject.stage }: { readonly seed?: number; readonly stage?: Stage } = {},
) {
  const fake = bench(subject, { stage })
  const { images } = await fake.run(configOf(subject, seed === undefined ? {} : { seed }))
  return {
    calls: fake.calls.map((call) => ({
      stage: call.stage,
      label: call.label,
      operation: call.operation,
      request: call.request,
    })),
    images: images.map(({ digest }) => digest),
  }
}

/** Whether two runs are the same. Where they are not, `stage/run/same-seed` or `stage/run/deterministic` says so if they
 *  should be, and clauses that compare runs have nothing to say. */
export async function repeats(subject: StageSubject): Promise<boolean> {
  return isDeepStrictEqual(await outcome(subject), await outcome(subject))
}
