import type { CallContext } from '@stagewright/core'

import type { Watch } from './pool.js'

/** Watches for `count` pictures of `parts` jobs each, which together report 0…1 and never fall back. */
export function fractions(
  ctx: CallContext,
  count: number,
  parts: number,
): (picture: number, part: number) => Watch {
  const done = new Float64Array(count * parts)
  let told = 0
  return (picture, part) => ({
    signal: ctx.signal,
    progress: (fraction) => {
      const at = picture * parts + part
      done[at] = Math.max(done[at]!, fraction)
      const all = done.reduce((sum, one) => sum + one, 0) / done.length
      if (all <= told) return
      told = Math.min(1, all)
      ctx.progress(told)
    },
  })
}
