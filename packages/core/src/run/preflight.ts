import { ErrorCollector } from '../config/collect.js'
import type { Backend, Capabilities, Need } from '../contract/backend.js'
import { canonicalName, refusalOf } from '../contract/names.js'
import { errors } from '../errors/catalogue.js'
import { isPipelineError, type PipelineError } from '../errors/pipeline-error.js'
import { messageOf } from '../errors/wrap.js'
import { callsOf, lastSeed } from '../plan/call-needs.js'
import type { PipelinePlan, StagePlan } from '../plan/stage-plan.js'
import { refusedSettings } from './setting-limits.js'

/** Asks the backend what it can do.
 *  @throws {PipelineError} SW_PREFLIGHT_DESCRIBE, SW_RUN_CANCELLED, or the backend's own error */
export async function describeBackend(
  backend: Backend,
  signal?: AbortSignal,
): Promise<Capabilities> {
  try {
    return await backend.describe(signal)
  } catch (error) {
    if (signal?.aborted === true)
      throw errors.SW_RUN_CANCELLED({ stage: undefined }, { cause: error })
    if (isPipelineError(error)) throw error
    throw errors.SW_PREFLIGHT_DESCRIBE(
      { backend: backend.kind, reason: messageOf(error) },
      { cause: error },
    )
  }
}

/** Compares all that a plan needs with what the backend has, before the first call: servers ignore most mistakes.
 *  @returns what is amiss, in words, where `lenient` lets it pass: names and settings; never an operation that is not there
 *  @throws {PipelineError} SW_PREFLIGHT_… with every mismatch in `errors` */
export function preflight(
  plan: PipelinePlan,
  capabilities: Capabilities,
  asked: Pick<Backend, 'kind' | 'refuses'>,
  lenient = false,
): string[] {
  const fatal = new ErrorCollector()
  const names = new ErrorCollector()
  const passes = ({ details: { kind } }: PipelineError): boolean =>
    lenient && typeof kind === 'string' && capabilities.exact?.includes(kind) !== true
  for (const stage of plan.stages.filter(({ enabled }) => enabled)) {
    const found =
      asked.refuses === undefined
        ? lacking(stage, capabilities, asked.kind)
        : refusals(stage, plan, asked)
    for (const error of found) (passes(error) ? names : fatal).add(error)
    for (const error of refusedSettings(stage, capabilities, asked.kind))
      (lenient ? names : fatal).add(error)
    const most = capabilities.maxSeed ?? 2 ** 32 - 1
    const last = lastSeed(stage)
    if (last !== undefined && last > most)
      fatal.add(
        errors.SW_PREFLIGHT_SEED_RANGE({
          path: `${stage.name}.seed`,
          value: Number(stage.config['seed']),
          last,
          most,
          backend: asked.kind,
        }),
      )
  }
  fatal.throwIfAny()
  return names.found.map(({ code, message }) => `${message} (${code})`)
}

/** What a stage needs and the backend has not. */
function lacking(stage: StagePlan, capabilities: Capabilities, backend: string): PipelineError[] {
  const { operation } = stage
  // Where it is missing, what it would need for that says nothing more.
  if (operation !== undefined && !capabilities.operations.includes(operation))
    return [
      errors.SW_PREFLIGHT_NO_OPERATION({
        stage: stage.name,
        operation,
        backend,
        known: capabilities.operations,
        remedy: capabilities.remedies?.[operation],
      }),
    ]
  return stage.needs.flatMap((need) => mismatch(need, capabilities, backend) ?? [])
}

/** Which of a stage's calls the backend refuses, each reason once. What a merged stage needs is asked with its host. */
function refusals(
  stage: StagePlan,
  plan: PipelinePlan,
  asked: Pick<Backend, 'refuses'>,
): PipelineError[] {
  const refused = callsOf(stage, plan.stages).flatMap((call) => {
    const error = asked.refuses?.(call)
    return error === undefined ? [] : error.errors.length > 0 ? error.errors : [error]
  })
  return [...new Map(refused.map((error) => [error.message, error])).values()]
}

/** Why a backend that can do so much cannot meet a need, as the error that tells it; undefined where it can. */
export function mismatch(
  need: Need,
  capabilities: Capabilities,
  backend: string,
): PipelineError | undefined {
  const { kind, name, path } = need
  const { resources, remedies, anyCase = [] } = capabilities
  const reason = refusalOf(capabilities, kind, name)
  if (reason !== undefined) return errors.SW_PREFLIGHT_REFUSED_NAME({ path, name, kind, reason })
  const known = resources[kind]
  const remedy = (kind === 'field' ? remedies?.[name] : undefined) ?? remedies?.[kind]
  if (known === undefined)
    return errors.SW_PREFLIGHT_NO_SUCH_KIND({ path, name, kind, backend, remedy })
  const folded = (one: string): string => (anyCase.includes(kind) ? one.toLowerCase() : one)
  if (
    known === 'any' ||
    canonicalName(capabilities, kind, name) !== name ||
    known.some((one) => folded(one) === folded(name))
  )
    return miscounted(need, capabilities, folded)
  return errors.SW_PREFLIGHT_UNKNOWN_NAME({ path, name, kind, known, remedy })
}

function miscounted(
  { kind, name, path, count }: Need,
  { counts }: Capabilities,
  folded: (name: string) => string,
): PipelineError | undefined {
  const all = Object.entries(counts?.[kind] ?? {})
  const takes = all.find(([one]) => folded(one) === folded(name))?.[1]
  if (count === undefined || takes === undefined) return undefined
  return count >= takes.least && count <= takes.most
    ? undefined
    : errors.SW_PREFLIGHT_COUNT({ path, name, kind, count, ...takes })
}
