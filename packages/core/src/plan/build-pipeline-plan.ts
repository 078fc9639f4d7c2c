import { deepFreeze, notJson } from '../config/json.js'
import { type ParsedRun, type ParsedSection, parseRun } from '../config/parse.js'
import { pathInWords } from '../config/path.js'
import { type Capabilities, coreCapabilities } from '../contract/backend.js'
import type { Forecast, GivenForecast, Intent, Stage } from '../contract/stage.js'
import { errors } from '../errors/catalogue.js'
import type { PlanNote } from '../errors/define-notes.js'
import { notes } from '../errors/notes.js'
import { asPipelineError } from '../errors/wrap.js'
import type { Arranged } from './arrange.js'
import { checkInvariants } from './check-invariants.js'
import { CallChain } from './fusion.js'
import type { Placements } from './placement.js'
import { sizeNotes } from './size-limits.js'
import type { PipelinePlan, SizeForecast, StagePlan } from './stage-plan.js'
import { makeView } from './view.js'

/** What a plan depends on besides config and stages. The same facts give the same plan. */
export interface PlanFacts {
  /** Of the backend; without one the core slots and operations are assumed. */
  readonly capabilities?: Capabilities | undefined
  /** Pictures that the configs name, by reference. */
  readonly pictures?: ReadonlyMap<string, readonly GivenForecast[]> | undefined
  /** The pictures to start from: makes it the plan of a reprocess run. */
  readonly input?: Forecast | undefined
  readonly placement?: Placements | undefined
  /** Allows pictures over 120 MP. */
  readonly allowLarge?: boolean | undefined
}

/** Plans a run: reads the config, orders the stages, and asks each in that order what it will do.
 *  Pure: no picture, file or backend is touched.
 *  @throws {PipelineError} SW_CONFIG_… with all errors of the config at once
 *  @throws {StagePlanError} SW_PLAN_… for an impossible order, slot or set of stages */
export function buildPipelinePlan(
  config: unknown,
  stages: readonly Stage[],
  facts: PlanFacts = {},
): PipelinePlan {
  return planParsed(parseRun(config, stages, facts.placement), facts)
}

/** As `buildPipelinePlan`, from a config that is parsed already. */
export function planParsed(run: ParsedRun, facts: PlanFacts): PipelinePlan {
  const reprocess = facts.input !== undefined
  const enabled = run.arranged.filter(({ name }) => run.sections.get(name)?.enabled === true)
  const names = new Set(enabled.map(({ name }) => name))
  checkInvariants(
    enabled.map((one) => ({ ...one, ...traits(one.stage) })),
    {
      reprocess,
      generating: run.arranged.filter((one) => traits(one.stage).generates).map(({ name }) => name),
    },
  )
  const planner = new Planner(run, facts)
  const works = run.arranged.map((one) =>
    names.has(one.name) ? planner.plan(one) : planner.skip(one),
  )
  const assumed = facts.capabilities === undefined
  return deepFreeze({
    reprocess,
    assumed,
    stages: run.arranged.map((one, order) => planner.finish(one, order, works[order] as Work)),
  })
}

/** What planning finds out of a stage, before it is known whose calls carry its contributions. */
interface Work extends Pick<
  StagePlan,
  'enabled' | 'config' | 'needs' | 'output' | 'calls' | 'models' | 'cycle' | 'notes' | 'why'
> {
  readonly executes: boolean
  readonly operation: string | undefined
}

/** Goes through the stages in order and keeps what the next one may know: the pictures and the call before it. */
class Planner {
  readonly #run: ParsedRun
  readonly #facts: PlanFacts
  readonly #capabilities: Capabilities
  readonly #calls: CallChain
  #pictures: Forecast
  #generated = false

  constructor(run: ParsedRun, facts: PlanFacts) {
    this.#run = run
    this.#facts = facts
    this.#capabilities = facts.capabilities ?? coreCapabilities
    this.#calls = new CallChain(this.#capabilities)
    this.#pictures = facts.input ?? []
  }

  plan(one: Arranged): Work {
    const { stage } = one
    const section = this.#run.sections.get(one.name)
    const { generates } = traits(stage)
    const config = section?.config ?? {}
    const first = generates && !this.#generated
    const input = this.#pictures
    const intent = this.#ask(stage, config, input, first)
    const executes = intent.call !== undefined || ownWork(stage, intent)
    this.#calls.add(stage.name, generates, executes, intent)
    const output = intent.output ?? input
    this.#pictures = output
    this.#generated ||= generates
    const sizes = summarise(output)
    return {
      enabled: true,
      config: intent.config ?? config,
      executes,
      needs: (intent.needs ?? []).map((need) => ({
        ...need,
        path: written(stage, section, need.path),
      })),
      output: sizes,
      operation: intent.call?.operation.name,
      calls: intent.call?.times ?? 0,
      models: intent.models ?? [],
      cycle: intent.call?.cycle ?? 1,
      notes: [
        ...placedNotes(one),
        ...(intent.notes ?? []),
        ...sizeNotes(stage.name, sizes, this.#facts.allowLarge ?? false),
      ],
      why: intent.why ?? '',
    }
  }

  /** A disabled stage is in the plan, and does nothing. */
  skip(one: Arranged): Work {
    const section = this.#run.sections.get(one.name)
    return {
      enabled: false,
      config: section?.config ?? {},
      executes: true,
      needs: [],
      output: [],
      operation: undefined,
      calls: 0,
      models: [],
      cycle: 1,
      notes: section?.notes ?? [],
      why: '',
    }
  }

  /** One literal, not spreads of spreads: V8 makes slow dictionaries of objects that are spread at this size. */
  finish(one: Arranged, order: number, work: Work): StagePlan {
    const { consumes, generates } = traits(one.stage)
    const contributions = this.#calls.contributionsOf(one.name)
    const into = contributions.flatMap(({ to }) => to).filter((name) => name !== one.name)
    const plan: { -readonly [K in keyof StagePlan]: StagePlan[K] } = {
      name: one.name,
      phase: { name: one.phase.name, rank: one.phase.rank },
      enabled: work.enabled,
      order,
      config: work.config,
      after: one.after,
      before: one.before,
      consumes,
      generates,
      terminal: one.terminal,
      execution: { kind: work.executes ? 'call' : 'merged', into: [...new Set(into)] },
      contributions,
      needs: work.needs,
      output: work.output,
      calls: work.calls,
      models: work.models,
      cycle: work.cycle,
      notes: work.notes,
      why: work.why,
      version: one.stage.definition.version ?? '1',
    }
    if (work.operation !== undefined) plan.operation = work.operation
    if (one.placed !== undefined) plan.placed = one.placed
    // What a picture file holds is not in the plan.
    const { definition } = one.stage
    if (definition.deterministic === true && !('pictures' in definition)) plan.deterministic = true
    return plan
  }

  #ask(stage: Stage, config: unknown, input: Forecast, first: boolean): Intent {
    const view = makeView({
      stage: stage.name,
      input,
      first,
      previous: this.#calls.previous,
      capabilities: this.#capabilities,
      pictures: this.#facts.pictures ?? new Map(),
    })
    let intent: Intent
    try {
      intent = stage.definition.plan(config, view)
    } catch (error) {
      throw asPipelineError(error, { stage: stage.name, during: 'plan()' })
    }
    const bad = notJson({ ...intent, call: undefined, output: undefined })
    if (bad !== undefined)
      throw errors.SW_PLAN_NOT_JSON({ stage: stage.name, path: pathInWords(bad), value: undefined })
    return intent
  }
}

/** A stage that makes no call and joins none works by itself: it stands between the calls around it. */
function ownWork(stage: Stage, intent: Intent): boolean {
  const joins =
    (intent.contribute?.previous?.length ?? 0) + (intent.contribute?.generating?.length ?? 0) > 0
  return stage.definition.execute !== undefined && !joins
}

/** Where the user wrote a field: in the section, or among the shared fields. */
function written(stage: Stage, section: ParsedSection | undefined, path: string): string {
  const [key = path] = path.split(/[.[]/, 1)
  const shared = stage.inherits.includes(key) && section?.own.includes(key) === false
  return shared ? path : `${stage.name}.${path}`
}

function placedNotes(one: Arranged): PlanNote[] {
  const from = one.stage.definition.phase
  return one.placed === undefined || from.rank === one.phase.rank
    ? []
    : [
        notes.SW_NOTE_PLACED({
          stage: one.name,
          from: `${from.name}@${from.rank}`,
          to: `${one.phase.name}@${one.phase.rank}`,
          by: one.placed,
        }),
      ]
}

function traits(stage: Stage) {
  const { consumes, generates = false } = stage.definition
  return { consumes, generates }
}

/** Neighbouring pictures of one size are counted together. */
function summarise(pictures: Forecast): SizeForecast[] {
  const sizes: { count: number; width: number; height: number }[] = []
  for (const { width, height } of pictures) {
    const last = sizes.at(-1)
    if (last !== undefined && last.width === width && last.height === height) last.count += 1
    else sizes.push({ count: 1, width, height })
  }
  return sizes
}
