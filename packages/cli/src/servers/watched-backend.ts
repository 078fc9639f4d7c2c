import {
  type Backend,
  type CallContext,
  type CallNeeds,
  type CallResult,
  type Capabilities,
  isPipelineError,
  type Need,
  type Operation,
  type PipelineError,
} from '@stagewright/core'

/** A backend that remembers what it said of itself, and can be told to let mismatches pass. */
export class WatchedBackend implements Backend {
  readonly kind: string
  readonly #strict: Backend
  readonly #calls: Backend
  /** What is let pass, in words. */
  readonly #forgiven = new Set<string>()
  /** Kinds of names that are. */
  readonly #kinds = new Set<string>()
  /** How a call tells it. */
  readonly #facts = new Set<string>()
  #capabilities: Capabilities | undefined

  /** Absent where the backend has none. */
  readonly settle?: NonNullable<Backend['settle']>

  readonly refuses?: NonNullable<Backend['refuses']>

  /** `calls` makes the calls, where it is another than the one that is asked what it has. */
  constructor(strict: Backend, calls: Backend = strict) {
    this.kind = strict.kind
    this.#strict = strict
    this.#calls = calls
    if (strict.settle !== undefined)
      this.settle = (callId, signal) => strict.settle?.(callId, signal) ?? Promise.resolve('over')
    if (strict.refuses !== undefined)
      this.refuses = (call: CallNeeds) => this.#unforgiven(strict.refuses?.(call))
  }

  /** What `describe()` gave last. */
  get capabilities(): Capabilities | undefined {
    return this.#capabilities
  }

  /** What is let pass, in words. */
  get mismatches(): readonly string[] {
    return [...this.#forgiven]
  }

  async describe(signal?: AbortSignal): Promise<Capabilities> {
    const capabilities = await this.#strict.describe(signal)
    this.#capabilities = capabilities
    if (this.#forgiven.size === 0) return capabilities
    const any = [...this.#kinds].map((kind) => [kind, 'any'] as const)
    return {
      ...capabilities,
      resources: { ...capabilities.resources, ...Object.fromEntries(any) },
      settings: (capabilities.settings ?? []).filter(({ reason }) => !this.#facts.has(reason)),
    }
  }

  /** Lets pass what an error of the preflight says of names that the server does not list, and of settings that it does
   *  not have.
   *  @returns whether there was any */
  forgive(error: PipelineError): boolean {
    const told = error.errors.length > 0 ? error.errors : [error]
    // A sweep tells which of its cells are refused, and why.
    const each = told.map((one) => (isPipelineError(one.cause) ? one.cause : one))
    const exact = this.#capabilities?.exact ?? []
    const passing = each.filter((one) => {
      const names = namesIn(one)
      return (
        one.code === settingCode ||
        (names.length > 0 && !names.some(({ kind }) => exact.includes(kind)))
      )
    })
    for (const one of passing) {
      this.#forgiven.add(one.message)
      if (one.code === settingCode) this.#facts.add(factOf(one.message))
      for (const { kind, name } of namesIn(one)) {
        this.#kinds.add(kind)
        this.#facts.add(`the backend has no ${kind} "${name}".`)
      }
    }
    return passing.length > 0
  }

  #unforgiven(error: PipelineError | undefined): PipelineError | undefined {
    const each = error === undefined || error.errors.length === 0 ? [error] : error.errors
    const passes = (one: PipelineError | undefined): boolean => {
      const names = one === undefined ? [] : namesIn(one)
      return names.length > 0 && names.every(({ kind }) => this.#kinds.has(kind))
    }
    return each.every(passes) ? undefined : error
  }

  /** What was let pass is told once, for the run: not again by each call. */
  async call<R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> {
    const result = await this.#calls.call(operation, request, ctx)
    if (result.warnings === undefined || this.#facts.size === 0) return result
    const warnings = result.warnings.filter(
      (warning) => ![...this.#facts].some((fact) => warning.includes(fact)),
    )
    return { ...result, warnings }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#strict[Symbol.asyncDispose]?.()
    if (this.#calls !== this.#strict) await this.#calls[Symbol.asyncDispose]?.()
  }
}

/** The names that an error is about, where they are all that is amiss. */
function namesIn({ code, details }: PipelineError): readonly Pick<Need, 'kind' | 'name'>[] {
  if (code === 'SW_POOL_NO_SERVER') return (details['lacked'] as readonly Need[] | undefined) ?? []
  return forgivable.has(code)
    ? [{ kind: String(details['kind']), name: String(details['name']) }]
    : []
}

const forgivable = new Set(['SW_PREFLIGHT_UNKNOWN_NAME', 'SW_PREFLIGHT_NO_SUCH_KIND'])
const settingCode = 'SW_PREFLIGHT_SETTING'

/** `txt2img.model: the backend has no model "x".` without its path. */
function factOf(message: string): string {
  return message.replace(/^[\w.[\]]+: /, '')
}
