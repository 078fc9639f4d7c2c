import { type Capabilities, limitedKey, meetsLimit } from '../contract/backend.js'
import { errors } from '../errors/catalogue.js'
import type { PipelineError } from '../errors/pipeline-error.js'
import type { StagePlan } from '../plan/stage-plan.js'

type Values = Readonly<Record<string, unknown>>

/** Which settings of a stage the backend cannot have in the calls that they are for. */
export function refusedSettings(
  stage: StagePlan,
  { settings = [] }: Capabilities,
  backend: string,
): PipelineError[] {
  const { name, operation, config, contributions } = stage
  const on = new Set([operation, ...contributions.map(({ slot }) => slot)])
  return settings
    .filter((limit) => limit.on.some((one) => on.has(one)))
    .flatMap((limit) =>
      holdersOf(config, limit.field)
        .filter(([holder]) => !meetsLimit(holder, limit))
        .map(([holder, path]) => {
          const key = limitedKey(limit)
          const { reason, remedy } = limit
          const at = `${name}.${path}${key}`
          return errors.SW_PREFLIGHT_SETTING({
            path: at,
            value: holder[key],
            reason,
            remedy,
            backend,
          })
        }),
    )
}

/** What holds a field, and where: the section itself, or each of a list in it. */
function holdersOf(config: Values, field: string): [Values, string][] {
  const list = /^(\w+)\[\]\./.exec(field)?.[1]
  if (list === undefined) return [[config, '']]
  const items: unknown = config[list]
  return Array.isArray(items) ? items.map((item: Values, i) => [item, `${list}[${i}].`]) : []
}
