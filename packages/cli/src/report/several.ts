import { PipelineError } from '@stagewright/core'

/** Throws the one error, or one that holds them all.
 *  @throws {PipelineError} when there is any */
export function throwAll(found: readonly PipelineError[]): void {
  const [first, ...rest] = found
  if (first === undefined) return
  if (rest.length === 0) throw first
  throw new PipelineError({
    code: first.code,
    kind: first.kind,
    message: `${found.length} errors`,
    hint: first.hint,
    errors: found,
  })
}
