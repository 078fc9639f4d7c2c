import { ErrorCollector } from '../config/collect.js'
import type { Backend, Capabilities, Need } from '../contract/backend.js'
import { errors } from '../errors/catalogue.js'
import { isPipelineError } from '../errors/pipeline-error.js'
import { messageOf } from '../errors/wrap.js'
import type { PipelinePlan } from '../plan/stage-plan.js'

/** Asks the backend what it can do.
 *  @throws {PipelineError} SW_PREFLIGHT_DESCRIBE, or the backend's own error */
export async function describeBackend(
  backend: Backend,
  signal?: AbortSignal,
): Promise<Capabilities> {
  try {
    return await backend.describe(signal)
  } catch (error) {
    if (isPipelineError(error)) throw error
    throw errors.SW_PREFLIGHT_DESCRIBE(
      { backend: backend.kind, reason: messageOf(error) },
      { cause: error },
    )
  }
}

/** Compares all that a plan needs with what the backend has, before the first call: servers ignore most mistakes.
 *  @throws {PipelineError} SW_PREFLIGHT_… with every mismatch in `errors` */
export function preflight(plan: PipelinePlan, capabilities: Capabilities, backend: string): void {
  const found = new ErrorCollector()
  for (const stage of plan.stages.filter(({ enabled }) => enabled)) {
    if (stage.operation !== undefined && !capabilities.operations.includes(stage.operation))
      found.add(
        errors.SW_PREFLIGHT_NO_OPERATION({
          stage: stage.name,
          operation: stage.operation,
          backend,
          known: capabilities.operations,
        }),
      )
    for (const need of stage.needs) checkNeed(need, capabilities, backend, found)
    const seed = stage.config['seed']
    const most = capabilities.maxSeed ?? 2 ** 32 - 1
    if (typeof seed === 'number' && seed > most)
      found.add(
        errors.SW_PREFLIGHT_SEED_RANGE({ path: `${stage.name}.seed`, value: seed, most, backend }),
      )
  }
  found.throwIfAny()
}

function checkNeed(
  { kind, name, path }: Need,
  { resources, aliases }: Capabilities,
  backend: string,
  found: ErrorCollector,
): void {
  const known = resources[kind]
  if (known === undefined)
    return found.add(errors.SW_PREFLIGHT_NO_SUCH_KIND({ path, name, kind, backend }))
  if (known === 'any' || known.includes(name) || aliases?.[kind]?.[name] !== undefined) return
  found.add(errors.SW_PREFLIGHT_UNKNOWN_NAME({ path, name, kind, known }))
}
