import { Stage } from './contract/stage.js'
import type { Scope } from './di/scope.js'
import { errors } from './errors/catalogue.js'

/** The stages of a pipeline: a view of what its scope holds under the `Stage` token.
 *  @throws {PipelineError} SW_PLUGIN_DUPLICATE_STAGE with both origins, when two stages have one name */
export class StageRegistry {
  readonly #byName = new Map<string, { readonly stage: Stage; readonly origin: string }>()

  constructor(scope: Scope) {
    for (const { value: stage, origin } of scope.all(Stage)) {
      const rival = this.#byName.get(stage.name)
      if (rival !== undefined)
        throw errors.SW_PLUGIN_DUPLICATE_STAGE({
          stage: stage.name,
          origins: [rival.origin, origin],
        })
      this.#byName.set(stage.name, { stage, origin })
    }
  }

  get stages(): readonly Stage[] {
    return [...this.#byName.values()].map(({ stage }) => stage)
  }

  get(name: string): Stage | undefined {
    return this.#byName.get(name)?.stage
  }

  /** Where a stage was registered: `stages[0]`, `services[2]`. */
  originOf(name: string): string | undefined {
    return this.#byName.get(name)?.origin
  }
}
