import { errors } from '../errors/catalogue.js'
import { PipelineError } from '../errors/pipeline-error.js'

/** Gathers errors so that all of a file come at once. */
export class ErrorCollector {
  readonly #found: PipelineError[] = []

  get found(): readonly PipelineError[] {
    return this.#found
  }

  add(error: PipelineError): void {
    if (!this.#found.some((one) => one.code === error.code && one.message === error.message))
      this.#found.push(error)
  }

  /** Runs `work`; what it throws is added, or collected apart where it holds several errors. */
  try<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof PipelineError)) throw error
      for (const one of error.errors.length > 0 ? error.errors : [error]) this.add(one)
      return undefined
    }
  }

  /** @throws {PipelineError} the one error, or one that holds them all */
  throwIfAny(): void {
    const [first, ...rest] = this.#found
    if (first === undefined) return
    if (rest.length === 0) throw first
    throw severalErrors(this.#found)
  }
}

/** One error that holds several: the code of all when they share it. */
function severalErrors(found: readonly PipelineError[]): PipelineError {
  const codes = new Set(found.map((one) => one.code))
  const summary = errors.SW_CONFIG_INVALID({ count: found.length })
  const [first] = found
  return new PipelineError({
    code: codes.size === 1 && first !== undefined ? first.code : summary.code,
    kind: first?.kind ?? summary.kind,
    message: `${found.length} errors:\n${found.map((one) => `- ${one.message}`).join('\n')}`,
    hint: summary.hint,
    details: { count: found.length },
    errors: found,
  })
}
