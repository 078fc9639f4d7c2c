import {
  type Backend,
  type CallContext,
  type CallResult,
  type Capabilities,
  type Contribution,
  type ImageBatch,
  imagesIn,
  type Operation,
  requestAsJson,
} from '@stagewright/core'

/** One call of the backend port, as it was made. */
export interface RecordedCall {
  /** The stage that called. */
  readonly stage: string
  readonly label: string | undefined
  readonly operation: string
  /** The whole request as JSON: a picture is `{ digest, width, height, media_type }`. */
  readonly request: Readonly<Record<string, unknown>>
  /** The request as it was handed over. */
  readonly raw: unknown
  readonly contributions: readonly Contribution[]
  /** The pictures among the request's values. */
  readonly inputs: ImageBatch
  /** Empty until the call ends, and when it fails. */
  readonly outputs: ImageBatch
  readonly unchanged: boolean | 'unknown'
  /** What it failed with. */
  readonly error: unknown
}

/** A backend that keeps every call made of it. */
export interface RecordingBackend extends Backend {
  /** In the order in which they began. */
  readonly calls: readonly RecordedCall[]
}

/** Wraps a backend so that every call of it is kept, failed ones too. It changes nothing. */
export function recording(backend: Backend): RecordingBackend {
  const calls: RecordedCall[] = []
  return {
    kind: backend.kind,
    calls,
    describe: (signal?: AbortSignal): Promise<Capabilities> => backend.describe(signal),
    call: async <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      const at = calls.length
      const call: RecordedCall = {
        stage: ctx.stage,
        label: ctx.label,
        operation: operation.name,
        request: requestAsJson(request) as Readonly<Record<string, unknown>>,
        raw: request,
        contributions: [...ctx.contributions],
        inputs: imagesIn(request),
        outputs: [],
        unchanged: false,
        error: undefined,
      }
      calls.push(call)
      try {
        const result = await backend.call(operation, request, ctx)
        calls[at] = { ...call, outputs: result.images, unchanged: result.unchanged ?? false }
        return result
      } catch (error) {
        calls[at] = { ...call, error }
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => backend[Symbol.asyncDispose]?.(),
  }
}
