import assert from 'node:assert/strict'

import {
  isPipelineError,
  type PipelineError,
  type PipelinePlan,
  PipelineRunner,
  type Stage,
  type StagePlan,
  StagePlanError,
} from '@stagewright/core'

import { enabledIn } from '../assert/order.js'
import { assertNoCalls, assertNoKey } from '../assert/requests.js'
import { fakeBackend } from '../backend/fake-backend.js'
import { recording } from '../backend/recording.js'
import { type Journey, journey, type JourneyInit, type Trip } from './journey.js'
import { A, pass, R, settings, switchOn, t, U, words } from './words.js'

/** What is refused before any call, and what is switched off and leaves no trace. */
export const refusals: readonly Journey[] = [
  ...(
    [
      ['none', 'no stage', () => ({})],
      ['a', 'A only', A],
      ['u', 'U only', U],
      ['u+a', 'U+A', (names) => ({ ...U(names), ...A(names) })],
    ] satisfies [string, string, JourneyInit['config']][]
  ).map(([id, what, config]) =>
    refused(`no-generation/${id}`, `${what}: an error that names what generates, and no call`, {
      config,
      code: 'SW_PLAN_NO_GENERATING_STAGE',
    }),
  ),
  refused('i/without-picture', 'i without a picture: an error, and no call', {
    config: (names) => ({ ...settings(names), img2img: {} }),
    code: 'SW_PLAN_NO_PICTURES',
  }),
  ...[undefined, '', 'None'].map((model) =>
    refused(
      `r/model-${model === undefined ? 'absent' : model === '' ? 'empty' : 'none'}`,
      `R with the model ${model === undefined ? 'left out' : `"${model}"`}: an error, and no call`,
      {
        config: (names) => ({
          ...words(names),
          ...t,
          refiner: {
            refiner_enabled: true,
            ...(model === undefined ? {} : { refiner_model_name: model }),
          },
        }),
        names: 'refiner_model_name',
      },
    ),
  ),
  refused('r/same-model', 'R equal to the model: an error, for servers skip it in silence', {
    config: (names) => ({
      ...words(names),
      ...t,
      refiner: { refiner_enabled: true, refiner_model_name: names.model },
    }),
    names: 'refiner',
  }),
  ...[0, 1].map((at) =>
    refused(`r/switch-${at}`, `R with its switch at ${at}: an error, and no call`, {
      config: (names) => ({
        ...words(names),
        ...t,
        refiner: { ...switchOn(names), refiner_switch_at: at },
      }),
      names: 'refiner_switch_at',
    }),
  ),
  refused('h/scale-and-size', 'H with a scale and a size: an error, and no call', {
    config: (names) => ({
      ...words(names),
      ...t,
      refiner: { ...pass(names), hr_resize_x: 96 },
    }),
    names: 'hr_scale',
  }),
  journey({
    id: 'r/leftover-model',
    title: 'a refiner model left over with R off never reaches the wire',
    config: (names) => ({
      ...words(names),
      ...t,
      refiner: { ...pass(names), refiner_enabled: false, refiner_model_name: names.refiner },
    }),
    expected: { order: ['txt2img', 'refiner'], calls: ['txt2img'], sizes: ['96x144'] },
    also: ({ fake }) => assertNoKey(fake.calls, /refiner/),
  }),
  journey({
    id: 'r/idle',
    title: 'an idle refiner section is off, with a note',
    config: (names) => ({ ...words(names), ...t, refiner: { refiner_model_name: names.refiner } }),
    expected: { order: ['txt2img'], calls: ['txt2img'], sizes: ['64x96'] },
    also: ({ fake }, { plan }) => {
      assertNoKey(fake.calls, /refiner/)
      const idle = plan.stages.find(({ name }) => name === 'refiner')
      assert.equal(idle?.enabled, false)
      assert.deepEqual(
        idle?.notes.map(({ code }) => code),
        ['SW_NOTE_SECTION_IDLE'],
      )
    },
  }),
  handMade('a-not-last', 'with A before U', ({ stages: { adetailer } }, plan) => {
    const last = plan.stages.length - 1
    const moved = (one: StagePlan): number => {
      if (one.name === adetailer.name) return last - 1
      return one.order === last - 1 ? last : (one.order ?? 0)
    }
    return plan.stages.map((one) => ({ ...one, order: moved(one) }))
  }),
  handMade('two-a', 'with A twice', ({ stages: { adetailer } }, plan) => [
    ...plan.stages,
    ...plan.stages
      .filter(({ name }) => name === adetailer.name)
      .map((one) => ({ ...one, order: plan.stages.length })),
  ]),
  handMade(
    'second-terminal',
    'with a second terminal stage',
    ({ stages: { adetailer } }, plan) => [
      ...plan.stages,
      ...plan.stages
        .filter(({ name }) => name === adetailer.name)
        .map((one) => ({ ...one, name: 'adetailer_2', order: plan.stages.length })),
    ],
    ({ stages }) => [stages.adetailer.as('adetailer_2')],
  ),
  handMade('traits-changed', 'with A no longer terminal', ({ stages: { adetailer } }, plan) =>
    plan.stages.map((one) => (one.name === adetailer.name ? { ...one, terminal: false } : one)),
  ),
  handMade('order-twice', 'with one position twice', (_, plan) =>
    plan.stages.map((one) => ({ ...one, order: 0 })),
  ),
]

interface Refused {
  readonly config: JourneyInit['config']
  readonly code?: string
  /** What the error must name. */
  readonly names?: string
}

function refused(id: string, title: string, { config, code, names }: Refused): Journey {
  return journey({
    id,
    title,
    config,
    instead: async (trip) => {
      const error = await trip.fails()
      if (code !== undefined) assert.equal(error.code, code)
      if (names !== undefined) assert.match(error.message, new RegExp(names))
      assert.ok(['config', 'plan'].includes(error.kind), `the kind ${error.kind}`)
      assert.notEqual(error.hint, '', 'the error has a hint')
      assert.equal(error.result, undefined, 'nothing was run')
      assertNoCalls(trip.fake)
      const planned = await trip.fake.plan(trip.config).then(
        () => undefined,
        (thrown: unknown) => thrown as PipelineError,
      )
      assert.equal(planned?.code, error.code, 'plan() refuses the same')
    },
  })
}

/** A plan that someone changed is refused by the runner, before any call. */
function handMade(
  id: string,
  what: string,
  change: (subject: Trip['subject'], plan: PipelinePlan) => readonly StagePlan[],
  more: (subject: Trip['subject']) => readonly Stage[] = () => [],
): Journey {
  return journey({
    id: `hand-made/${id}`,
    title: `a hand-made plan ${what}: an error, and no call`,
    config: (names) => ({ ...words(names), ...t, ...R(names), ...U(names), ...A(names) }),
    instead: async ({ fake, config, subject }) => {
      const plan = await fake.plan(config)
      const json = JSON.parse(JSON.stringify(plan)) as PipelinePlan
      assert.equal(enabledIn(json).at(-1)?.name, subject.stages.adetailer.name)
      const backend = recording(subject.backend?.() ?? fakeBackend())
      const stages = [...Object.values(subject.stages), ...more(subject)] as Stage[]
      const runner = new PipelineRunner({ backend, stages })
      const changed = { ...json, stages: change(subject, json) }
      const error: unknown = await runner.run(changed).then(
        () => assert.fail('the changed plan runs'),
        (thrown: unknown) => thrown,
      )
      if (!isPipelineError(error)) throw error
      assert.ok(error instanceof StagePlanError, `${error.code} is a ${error.name}`)
      assertNoCalls(backend)
    },
  })
}
