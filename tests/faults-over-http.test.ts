import { type DialectName, type FakeWebui, type Fault } from '@stagewright/fake-webui'
import { describe, expect, test } from 'vitest'

import {
  calls,
  followed,
  generated,
  left,
  on,
  scene,
  type StageName,
  stagesOn,
  untilSeen,
} from './faulty-server.js'

/** What a fault at the last call of a stage does to the run. */
type Outcome =
  /** That picture ends there, with this code; the others go on. */
  | `SW_${string}`
  /** The call was sent once more, and all is done. */
  | 'repeated'
  /** All is done, as if nothing had been. */
  | 'unharmed'

interface Case {
  readonly title: string
  readonly fault: Fault | ((stage: StageName, dialect: DialectName) => Fault)
  readonly outcome: (stage: StageName, dialect: DialectName) => Outcome | undefined
  /** Whether the server did the work of the call that was hit. */
  readonly worked: boolean
  /** What happens once the server has got into the fault. */
  readonly meanwhile?: (fake: FakeWebui) => Promise<void>
}

/** By task, a call that did not begin is known not to have; elsewhere nobody can say. */
const ifUnknown = (stage: StageName, dialect: DialectName): Outcome =>
  followed(dialect, stage) === 'task' ? 'repeated' : 'SW_WEBUI_OUTCOME_UNKNOWN'
const ifDone = (stage: StageName, dialect: DialectName): Outcome =>
  followed(dialect, stage) === 'none' ? 'SW_WEBUI_OUTCOME_UNKNOWN' : 'SW_WEBUI_RESULT_LOST'
const always = (outcome: Outcome) => (): Outcome => outcome

const page = { detail: 'Not Found' }
const picture = (stage: StageName, dialect: DialectName, text: string | readonly string[]) =>
  stage === 'upscale' || (stage === 'adetailer' && dialect === 'sdnext')
    ? { image: typeof text === 'string' ? text : '' }
    : { images: typeof text === 'string' ? [text] : text, parameters: {}, info: '{}' }

const starved = (stage: StageName, dialect: DialectName): Outcome => {
  // The extension's errors are only logged there: its picture is told as unchanged.
  if (stage === 'adetailer' && dialect !== 'sdnext') return 'unharmed'
  // SD.Next tells it of a generation by an answer without pictures.
  return dialect === 'sdnext' && (stage === 'txt2img' || stage === 'img2img' || stage === 'refiner')
    ? 'SW_WEBUI_NO_RESULT'
    : 'SW_WEBUI_OUT_OF_MEMORY'
}

const cases: readonly Case[] = [
  {
    title: 'a connection dropped before the work',
    fault: { kind: 'drop' },
    outcome: ifUnknown,
    worked: false,
  },
  {
    title: 'a connection reset before the work',
    fault: { kind: 'reset' },
    outcome: ifUnknown,
    worked: false,
  },
  {
    title: 'a connection dropped while the server works',
    fault: { kind: 'drop', at: 'during' },
    outcome: ifDone,
    worked: true,
  },
  {
    title: 'a connection dropped after the work',
    fault: { kind: 'drop', at: 'after' },
    outcome: ifDone,
    worked: true,
  },
  {
    title: 'an answer that is cut off',
    fault: { kind: 'truncate' },
    outcome: always('SW_WEBUI_RESULT_LOST'),
    worked: true,
  },
  {
    title: 'a slow answer',
    fault: { kind: 'slow', seconds: 0.01 },
    outcome: always('unharmed'),
    worked: true,
  },
  {
    title: 'a proxy that cannot reach the server',
    fault: { kind: 'html', status: 502 },
    outcome: ifUnknown,
    worked: false,
  },
  {
    title: 'a proxy that does not wait for the end',
    fault: { kind: 'html', status: 504, at: 'after' },
    outcome: ifDone,
    worked: true,
  },
  {
    title: 'a login page',
    fault: { kind: 'html', status: 200 },
    outcome: always('SW_WEBUI_HTML'),
    worked: false,
  },
  {
    title: 'a 401',
    fault: { kind: 'answer', status: 401, body: { detail: 'Incorrect username or password' } },
    outcome: always('SW_WEBUI_UNAUTHORIZED'),
    worked: false,
  },
  {
    title: 'a 404, as where the API is off',
    fault: { kind: 'answer', status: 404, body: page },
    outcome: always('SW_WEBUI_NOT_FOUND'),
    worked: false,
  },
  {
    title: 'a 429 in place of the finished picture',
    fault: { kind: 'answer', status: 429, body: { detail: 'rate limit' }, at: 'after' },
    outcome: always('SW_WEBUI_RATE_LIMITED_AFTER_WORK'),
    worked: true,
  },
  { title: 'memory that runs out', fault: { kind: 'oom' }, outcome: starved, worked: false },
  {
    title: 'NaN',
    fault: { kind: 'nan' },
    // Elsewhere the picture is black without a word, and the extension logs it.
    outcome: (stage, dialect) =>
      dialect === 'a1111' && stage !== 'adetailer' ? 'SW_WEBUI_NAN' : undefined,
    worked: false,
  },
  {
    title: 'a checkpoint whose file is gone',
    fault: { kind: 'model_missing' },
    outcome: (stage, dialect) =>
      stage === 'upscale' || dialect === 'sdcpp' ? undefined : 'SW_WEBUI_MODEL_NOT_FOUND',
    worked: false,
  },
  {
    title: 'a picture that is no base64',
    fault: (stage, dialect) => ({
      kind: 'answer',
      status: 200,
      at: 'after',
      body: picture(stage, dialect, '<not base64>'),
    }),
    outcome: always('SW_WEBUI_BAD_BASE64'),
    worked: true,
  },
  {
    title: 'an answer without pictures',
    fault: (stage, dialect) => ({
      kind: 'answer',
      status: 200,
      at: 'after',
      body: picture(stage, dialect, []),
    }),
    outcome: always('SW_WEBUI_NO_RESULT'),
    worked: true,
  },
  {
    title: 'a crash and a restart',
    fault: { kind: 'crash' },
    outcome: (stage, dialect) => (dialect === 'sdnext' ? undefined : ifUnknown(stage, dialect)),
    worked: false,
    meanwhile: async (fake) => {
      await fake.until(({ listening }) => !listening)
      await fake.restart()
    },
  },
]

// Forge is watched as A1111 is; what differs is its error bodies, which two stages show.
const stagesFor = (dialect: DialectName): readonly StageName[] =>
  dialect === 'forge' ? ['txt2img', 'adetailer'] : stagesOn(dialect)

const dialects: readonly DialectName[] = ['a1111', 'forge', 'sdnext', 'sdcpp']
const table = cases.flatMap((one) =>
  dialects.flatMap((dialect) =>
    stagesFor(dialect).flatMap((stage) => {
      const outcome = one.outcome(stage, dialect)
      return outcome === undefined ? [] : [{ ...one, dialect, stage, outcome }]
    }),
  ),
)

describe.concurrent('at one call of a run over HTTP', () => {
  test.each(table)(
    '$title at $stage on $dialect: $outcome',
    async ({ dialect, stage, fault, outcome, worked, meanwhile }) => {
      await using there = await scene({ dialect })
      const { fake } = there
      const given = typeof fault === 'function' ? fault(stage, dialect) : fault
      // By the global route only a job that was seen to run is known to be ours.
      const held = outcome === 'SW_WEBUI_RESULT_LOST' && followed(dialect, stage) === 'global'
      if (held) fake.faults.add(on(stage, { kind: 'stall', at: 'during' }))
      fake.faults.add(on(stage, given))
      const [{ result, error }] = await Promise.all([
        there.run(),
        held ? untilSeen(fake, stage).then(() => fake.faults.release()) : undefined,
        meanwhile?.(fake),
      ])
      expect(fake.requests.flatMap(({ faults }) => faults)).toContain(given.kind)

      const all = stagesOn(dialect)
      const at = all.indexOf(stage)
      const failed = outcome.startsWith('SW_')
      const whole = failed && stage === 'txt2img'
      expect(result.status).toBe(whole ? 'failed' : failed ? 'partial' : 'done')
      expect(error?.code).toBe(whole ? outcome : undefined)
      expect(left(result)).toEqual(
        failed ? [{ stage, code: outcome, named: stage, kept: all[at - 1] }] : [],
      )
      expect(result.unfinished.every((one) => one.error.message.includes(stage))).toBe(true)
      expect(result.images.map(({ lineage }) => lineage?.length)).toEqual(
        Array(whole ? 0 : failed ? 1 : 2).fill(all.length),
      )
      expect(warnsOfRepeating(result.warnings)).toBe(outcome === 'repeated')

      const count = (name: StageName, i: number): number => {
        if (i < at || !failed) return calls[name] + (i === at && outcome === 'repeated' ? 1 : 0)
        return i === at ? calls[name] : whole ? 0 : 1
      }
      const expected = all.map((name, i) => [name, count(name, i)] as const)
      const posts = Object.fromEntries(expected.filter(([, n]) => n > 0))
      expect(generated(fake)).toEqual(posts)
      // A server goes on with the work of a client that is gone.
      await fake.until(({ queue }) => queue === 0)
      // What is answered without the work counts for nothing: nothing was generated twice.
      const sum = expected.reduce((sofar, [, n]) => sofar + n, 0)
      const silent = outcome === 'unharmed'
      expect(fake.state.finished).toBe(sum - (worked || silent ? 0 : 1))
    },
  )
})

function warnsOfRepeating(warnings: readonly string[]): boolean {
  return warnings.some((warning) => warning.includes('sent once more'))
}
