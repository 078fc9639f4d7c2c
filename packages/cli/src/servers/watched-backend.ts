import {
  type Backend,
  type CallContext,
  type CallNeeds,
  type CallResult,
  type Capabilities,
  isPipelineError,
  type Operation,
  type PipelineError,
} from '@stagewright/core'

/** A backend that remembers what it said of itself, and can be told to let mismatches pass. */
export class WatchedBackend implements Backend {
  readonly kind: string
  readonly #strict: Backend
  readonly #calls: Backend
  /** By message: the kind of the name that is let pass, or undefined for a setting. */
  readonly #forgiven = new Map<string, string | undefined>()
  /** The messages without the place in the run file. */
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
    if (strict.refuses !== undefined) this.refuses = (call: CallNeeds) => strict.refuses?.(call)
  }

  /** What `describe()` gave last. */
  get capabilities(): Capabilities | undefined {
    return this.#capabilities
  }

  /** What is let pass, in words. */
  get mismatches(): readonly string[] {
    return [...this.#forgiven.keys()]
  }

  async describe(signal?: AbortSignal): Promise<Capabilities> {
    const capabilities = await this.#strict.describe(signal)
    this.#capabilities = capabilities
    if (this.#forgiven.size === 0) return capabilities
    const any = [...this.#forgiven.values()].flatMap((kind) =>
      kind === undefined ? [] : [[kind, 'any'] as const],
    )
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
    const names = each.filter(
      ({ code, details }) => forgivable.has(code) && !exact.includes(String(details['kind'])),
    )
    for (const { message, details } of names) {
      const { kind } = details
      this.#forgiven.set(message, typeof kind === 'string' ? kind : undefined)
      this.#facts.add(factOf(message))
    }
    return names.length > 0
  }

  /** What was let pass is told once, for the run: not again by each call. */
  async call<R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> {
    const result = await this.#calls.call(operation, request, ctx)
    if (result.warnings === undefined || this.#facts.size === 0) return result
    const warnings = result.warnings.filter((warning) => !this.#facts.has(factOf(warning)))
    return { ...result, warnings }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#strict[Symbol.asyncDispose]?.()
    if (this.#calls !== this.#strict) await this.#calls[Symbol.asyncDispose]?.()
  }
}

const forgivable = new Set([
  'SW_PREFLIGHT_UNKNOWN_NAME',
  'SW_PREFLIGHT_NO_SUCH_KIND',
  'SW_PREFLIGHT_SETTING',
])

/** `txt2img.model: the backend has no model "x".` without its path. */
function factOf(message: string): string {
  return message.replace(/^[\w.[\]]+: /, '')
}
