import {
  canonicalName,
  type Contribution,
  errors,
  meetsLimit,
  PipelineError,
} from '@stagewright/core'

import type { Dialect } from '../dialects/dialect.js'
import type { Inventory } from '../inventory/inventory.js'
import { limitsOf } from '../inventory/setting-limits.js'

/** What encoders work with: the server, and a place for warnings. */
export interface Encoding {
  readonly dialect: Dialect
  readonly inventory: Inventory
  readonly contributions: readonly Contribution[]
  /** What is not known to the server is sent all the same, and told. */
  readonly lenient: boolean
  readonly warn: (message: string) => void
}

/** The error for what this kind of server cannot do, with what to do instead. */
export function unsupported(dialect: Dialect, what: string, remedy?: string): PipelineError {
  const plain = errors.SW_BACKEND_UNSUPPORTED({ backend: `webui (${dialect.title})`, what })
  return new PipelineError({
    code: plain.code,
    kind: plain.kind,
    message: plain.message,
    hint: remedy ?? plain.hint,
    details: { ...plain.details, dialect: dialect.name, what },
  })
}

/** Refuses settings that the server would ignore in calls of an operation, or with a slot.
 *  @throws {PipelineError} SW_BACKEND_UNSUPPORTED, unless lenient */
export function refuseSettings(encoding: Encoding, on: string, values: object): void {
  const { dialect, inventory } = encoding
  for (const limit of limitsOf(dialect, inventory))
    if (limit.on.includes(on) && !meetsLimit(values as Record<string, unknown>, limit))
      mismatch(encoding, limit.what, limit.remedy)
}

/** Refuses what the server would ignore in silence; lenient, it becomes a warning. */
export function mismatch(encoding: Encoding, what: string, remedy?: string): void {
  if (!encoding.lenient) throw unsupported(encoding.dialect, what, remedy)
  encoding.warn(`${encoding.dialect.title} cannot do ${what}`)
}

/** The server's own name for a resource.
 *  @throws {PipelineError} SW_PREFLIGHT_UNKNOWN_NAME with the nearest names, unless lenient */
export function known(encoding: Encoding, kind: string, name: string, path: string): string {
  const { inventory, lenient, warn } = encoding
  const names = inventory.names[kind]
  const own = canonicalName(inventory, kind, name)
  if (names === 'any' || names?.includes(own) === true) return own
  const error = errors.SW_PREFLIGHT_UNKNOWN_NAME({ path, name, kind, known: names ?? [] })
  if (!lenient) throw error
  warn(error.message)
  return own
}

/** The text that chooses a checkpoint: its title, an exact alias on every server. */
export function checkpointTitle(encoding: Encoding, name: string, path: string): string {
  const own = known(encoding, 'model', name, path)
  return encoding.inventory.checkpoints.get(own)?.title ?? own
}
