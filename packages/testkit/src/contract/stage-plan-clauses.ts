import assert from 'node:assert/strict'

import { isPipelineError, type PlanView, type StagePlan } from '@stagewright/core'

import { countAsked } from './clock-and-chance.js'
import { outcome, repeats } from './outcome.js'
import { resourcePaths, valueAt, withValueAt } from './resource-paths.js'
import {
  bench,
  callsOf,
  configOf,
  needsSource,
  probed,
  type Section,
  source,
  type StageSubject,
} from './stage-subject.js'
import type { Clause } from './suite.js'
import { listen, visible } from './visible.js'
import { watched } from './watched-services.js'

/** What a stage does before the first call. */
export const planClauses: readonly Clause<StageSubject>[] = [
  {
    id: 'stage/needs/resources',
    says: 'tells in needs every name of a server’s resource that its section can hold',
    check: async (subject) => {
      for (const [path, kind] of resourcePaths(subject)) {
        const name = `contract ${path}`
        const section = withValueAt(subject.config, path, name)
        const plan = await planOf(subject, section).catch((error: unknown) => {
          // A field that this section rules out, such as that of another mode, holds no name.
          if (isPipelineError(error) && valueAt(subject.config, path) === undefined)
            return undefined
          throw error
        })
        if (plan === undefined) continue
        const need = plan.needs.find((one) => one.name === name)
        assert.ok(need, `${path} is ${JSON.stringify(name)}, and no need names it`)
        if (kind !== undefined) assert.equal(need.kind, kind, `the kind of ${path}`)
      }
    },
  },
  {
    id: 'stage/setup/invisible',
    says: 'calls, prints, listens for and leaves nothing when a pipeline is built and planned',
    check: async (subject) => {
      const before = visible()
      const printed: string[] = []
      const listening = listen((text) => printed.push(text))
      try {
        const fake = bench(subject)
        await fake.plan(configOf(subject))
        assert.deepEqual(fake.calls, [], 'planning makes calls')
      } finally {
        listening.stop()
      }
      assert.deepEqual(printed, [], 'planning prints')
      assert.deepEqual(visible(), before)
    },
  },
  {
    id: 'stage/services/disposed',
    says: 'closes each service of its own that can be closed, when the pipeline ends',
    check: async (subject) => {
      const { stage } = subject
      const open = new Set<string>()
      const provides = watched(stage.definition.provides ?? [], open)
      const fake = bench(subject, { stage: probed(stage, { provides }) })
      await fake.run(configOf(subject))
      await fake[Symbol.asyncDispose]()
      assert.deepEqual([...open], [], 'services that are still open after the pipeline has ended')
    },
  },
  {
    id: 'stage/plan/pure',
    says: 'plans the same from the same view, changes nothing, and asks neither clock nor chance',
    check: async (subject) => {
      const { config, view } = await seen(subject)
      const plan = () => subject.stage.definition.plan(config, view)
      const { asked, result: plans } = countAsked(() => [plan(), plan(), plan()])
      assert.ok(!(plans[0] instanceof Promise), 'plan is asynchronous')
      assert.deepEqual(plans[1], plans[0], 'a second plan differs')
      assert.deepEqual(plans[2], plans[0], 'a third plan differs')
      assert.equal(asked, 0, 'plan asks for the time, or for a random number')
    },
  },
  {
    id: 'stage/plan/json',
    says: 'plans in JSON: written and read again, it runs the same',
    check: async (subject) => {
      const { stage } = subject
      const execute = stage.definition.execute?.bind(stage.definition)
      const own = await planOf(subject)
      const again = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
      assert.deepEqual(again(own), withoutUndefined(own))
      if (execute === undefined || !(await repeats(subject))) return
      const read = probed(stage, {
        execute: (ctx, images) => execute({ ...ctx, config: again(ctx.config) }, images),
      })
      assert.deepEqual(
        (await outcome(subject, { stage: read })).calls,
        (await outcome(subject)).calls,
      )
    },
  },
  {
    id: 'stage/plan/forecast',
    says: 'makes the calls that it planned, and pictures of the number and size that it forecast',
    check: async (subject) => {
      const { stage } = subject
      const fake = bench(subject)
      const result = await fake.run(configOf(subject))
      const own = result.plan.stages.find(({ name }) => name === stage.name) as StagePlan
      const calls = callsOf(fake.calls, stage)
      assert.equal(calls.length, own.calls, 'the number of calls')
      for (const { operation } of calls) assert.equal(operation, own.operation, 'the operation')
      const made = result.stages.find(({ name }) => name === stage.name)?.images ?? []
      if (made.length === 0 && own.execution.kind === 'merged') return
      const forecast = own.output.flatMap(({ count, width, height }) =>
        Array.from({ length: count }, () => `${width}x${height}`),
      )
      assert.deepEqual(
        made.map(({ width, height }) => `${width}x${height}`),
        forecast,
        'the sizes of the pictures, as made and as forecast',
      )
    },
  },
  {
    id: 'stage/slots/only',
    says: 'reaches other stages’ calls through slots only, and leaves the pictures’ settings alone',
    check: async (subject) => {
      const { stage } = subject
      if (!needsSource(subject)) return
      const run = async (section?: null) => {
        const fake = bench(subject)
        const result = await fake.run(configOf(subject, section === null ? { section } : {}))
        return { result, calls: callsOf(fake.calls, source) }
      }
      const [on, off] = [await run(), await run(null)]
      assert.deepEqual(
        on.calls.map(({ request }) => request),
        off.calls.map(({ request }) => request),
        `the requests of ${source.name}, with the stage on and off`,
      )
      if (stage.definition.generates === true) return
      const generated = new Set(off.calls.flatMap((call) => call.outputs.map(settingsText)))
      for (const image of on.result.images)
        assert.ok(
          generated.has(settingsText(image)),
          `settings of a picture were changed to ${settingsText(image)}`,
        )
    },
  },
]

function settingsText({ settings }: { readonly settings?: unknown }): string {
  return JSON.stringify(settings ?? null)
}

async function planOf(subject: StageSubject, section?: Section): Promise<StagePlan> {
  const changes = section === undefined ? {} : { section }
  const { stages } = await bench(subject).plan(configOf(subject, changes))
  return stages.find(({ name }) => name === subject.stage.name) as StagePlan
}

/** The config and the view that `plan` is given, both frozen all the way down. */
async function seen(subject: StageSubject): Promise<{ config: unknown; view: PlanView }> {
  const { stage } = subject
  let found: { config: unknown; view: PlanView } | undefined
  const watching = probed(stage, {
    plan: (config: unknown, view) => {
      found ??= { config: frozen(structuredClone(config)), view: frozen(view) }
      return stage.definition.plan(config, view)
    },
  })
  await bench(subject, { stage: watching }).plan(configOf(subject))
  return found ?? assert.fail('plan is not called: is the stage enabled?')
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) frozen(inner)
  return value
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutUndefined(inner)]))
}
