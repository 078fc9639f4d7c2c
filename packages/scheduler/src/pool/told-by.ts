import type { CallResult } from '@stagewright/core'

import { type Lacked, nameOf } from './reasons.js'

/** A result that says which server made it, in its warnings too, with the names that it went without. */
export function toldBy(server: string, lacks: readonly Lacked[], result: CallResult): CallResult {
  const own = (result.warnings ?? []).filter(
    (warning) => !lacks.some(({ need }) => warning.includes(`no ${nameOf(need)}`)),
  )
  const warnings = [...lacks.map(({ message }) => message), ...own]
  return {
    ...result,
    server,
    ...(warnings.length === 0 ? {} : { warnings: warnings.map((text) => `${server}: ${text}`) }),
  }
}
