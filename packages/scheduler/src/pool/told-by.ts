import type { CallResult } from '@stagewright/core'

import { type Lacked, nameOf } from './reasons.js'

/** A result whose warnings say which server they are of, with the names that it went without. */
export function toldBy(server: string, lacks: readonly Lacked[], result: CallResult): CallResult {
  const own = (result.warnings ?? []).filter(
    (warning) => !lacks.some(({ need }) => warning.includes(`no ${nameOf(need)}`)),
  )
  const warnings = [...lacks.map(({ message }) => message), ...own]
  return warnings.length === 0
    ? result
    : { ...result, warnings: warnings.map((warning) => `${server}: ${warning}`) }
}
