import type { IncomingHttpHeaders } from 'node:http'

import type { ActiveFault, FaultKind } from '../faults/fault.js'

/** Something a real server would have ignored without a word. */
export interface Ignored {
  /** `steps`, `override_settings.sd_model_checkpoint`, `alwayson_scripts.ADetailer.args[2].ad_modle` */
  readonly field: string
  readonly why: string
}

/** One request on its way through the server. */
export interface Exchange {
  readonly id: number
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly raw: Buffer
  /** The JSON body; undefined when there was none. */
  readonly body: unknown
  readonly ignored: Ignored[]
  readonly faults: readonly ActiveFault[]
  ignore(field: string, why: string): void
  /** Whether a fault of that kind hits this request's work. */
  suffers(kind: FaultKind): boolean
  /** Told at each sampling step; where faults `during` the work happen. */
  during(step: number): Promise<void>
  /** Work that outlives the reply: faults go on striking it. */
  outlive(work: Promise<void>): void
}

export interface Reply {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}
