import {
  type Capabilities,
  errors as core,
  mismatch,
  type Need,
  onGrid,
  PipelineError,
  refusalOf,
  type SizeGrid,
} from '@stagewright/core'

import { poolErrors } from './errors.js'
import type { Wanted } from './wanted.js'

/** A server as far as it matters for what it can do. */
export interface Described {
  readonly name: string
  /** Undefined for one that has not answered yet. */
  readonly capabilities: Capabilities | undefined
}

/** Why a server cannot make a call: `has no upscale operation`, or `lacks it` for the need that is told. */
export function reasonAgainst(
  { capabilities }: Described,
  wanted: Wanted,
  grid: SizeGrid,
): { readonly text: string; readonly need?: Need } | undefined {
  if (capabilities === undefined) return { text: 'is down' }
  const { operations, slots, maxSeed = 2 ** 32 - 1 } = capabilities
  if (!operations.includes(wanted.operation))
    return { text: `has no ${wanted.operation} operation` }
  const slot = wanted.slots.find((one) => !slots.includes(one))
  if (slot !== undefined) return { text: `has no slot "${slot}"` }
  const need = wanted.needs.find((one) => mismatch(one, capabilities, '') !== undefined)
  if (need !== undefined)
    return { text: notAsWritten(need, capabilities) ?? `lacks ${nameOf(need)}`, need }
  if (wanted.seed > maxSeed) return { text: `takes no seed over ${maxSeed}` }
  const side = wanted.sides.find((one) => onGrid(one, capabilities.grid) !== onGrid(one, grid))
  return side === undefined
    ? undefined
    : { text: `rounds ${side} px to ${onGrid(side, capabilities.grid)}` }
}

/** Why a server that may know a name does not take it as it is written; undefined where it lacks it. */
function notAsWritten(need: Need, capabilities: Capabilities | undefined): string | undefined {
  if (capabilities === undefined) return undefined
  const refusal = refusalOf(capabilities, need.kind, need.name)
  if (refusal !== undefined) return refusal
  const error = mismatch(need, capabilities, '')
  return error?.code === 'SW_PREFLIGHT_COUNT'
    ? `takes ${String(error.details['most'])} arguments for it, not ${String(need.count)}`
    : undefined
}

/** A name that a server does not know, in words. */
export interface Lacked {
  readonly need: Need
  readonly message: string
}

export function lacking({ needs }: Wanted, capabilities: Capabilities): Lacked[] {
  return needs.flatMap((need) => {
    const error = mismatch(need, capabilities, '')
    return error === undefined ? [] : [{ need, message: error.message }]
  })
}

/** The names that a server lacks for a call, where nothing else is in its way, and a backend may let them pass. */
export function lackedNames(
  server: Described,
  wanted: Wanted,
  grid: SizeGrid,
): readonly Need[] | undefined {
  const { capabilities } = server
  if (capabilities === undefined) return undefined
  const { exact = [] } = capabilities
  const lacked = lacking(wanted, capabilities).map(({ need }) => need)
  if (
    lacked.some(
      ({ kind, name }) => exact.includes(kind) || refusalOf(capabilities, kind, name) !== undefined,
    )
  )
    return undefined
  return reasonAgainst(server, { ...wanted, needs: [] }, grid) === undefined ? lacked : undefined
}

/** The servers that lack the fewest names, and nothing else. */
export function leastLacking<S extends Described>(
  servers: readonly S[],
  wanted: Wanted,
  grid: SizeGrid,
): readonly { readonly server: S; readonly lacked: readonly Need[] }[] {
  const all = servers.flatMap((server) => {
    const lacked = lackedNames(server, wanted, grid)
    return lacked === undefined ? [] : [{ server, lacked }]
  })
  const least = Math.min(...all.map(({ lacked }) => lacked.length))
  return all.filter(({ lacked }) => lacked.length === least)
}

/** That no server can make a call, with each one's reason: an error for each name that none has, in one where there are
 *  several; else one for all of them together. */
export function noServer(
  servers: readonly Described[],
  wanted: Wanted,
  grid: SizeGrid,
): PipelineError {
  const against = servers.map((server) => ({
    ...server,
    ...(reasonAgainst(server, wanted, grid) ?? { text: 'has it' }),
  }))
  const lacked = leastLacking(servers, wanted, grid)[0]?.lacked
  // Names that nobody has beside the operation: they are what is missing.
  const asked = against.some(({ need }) => need !== undefined)
  const missing = wanted.needs.filter((one) =>
    servers.every(
      ({ capabilities: has }) =>
        has === undefined ||
        !has.operations.includes(wanted.operation) ||
        mismatch(one, has, '') !== undefined,
    ),
  )
  if (asked && missing.length > 0)
    return inOne(
      missing.map((need) =>
        poolErrors.SW_POOL_NO_SERVER({
          path: need.path,
          kind: need.kind,
          name: need.name,
          what: nameOf(need),
          reasons: against.map((one) =>
            one.need === undefined
              ? `${one.name} ${one.text}`
              : `${one.name} ${notAsWritten(need, one.capabilities) ?? 'lacks it'}`,
          ),
          lacked: lacked?.filter(({ kind, name }) => kind === need.kind && name === need.name),
        }),
      ),
    )
  const none = !servers.some(({ capabilities }) =>
    capabilities?.operations.includes(wanted.operation),
  )
  return poolErrors.SW_POOL_NO_SERVER({
    what: none
      ? `the operation "${wanted.operation}", which ${wanted.stage} needs`
      : `all that one call of ${wanted.stage} needs`,
    reasons: against.map(({ name, text }) => `${name} ${text}`),
    lacked,
  })
}

function inOne(found: readonly PipelineError[]): PipelineError {
  const [first, ...others] = found as readonly [PipelineError, ...PipelineError[]]
  if (others.length === 0) return first
  const { code, kind, hint } = first
  const message = `${found.length} errors:\n${found.map((one) => `- ${one.message}`).join('\n')}`
  return new PipelineError({ code, kind, message, hint, errors: found })
}

/** What a backend without such an operation or slot throws; undefined where some server has both. */
export function unsupported(
  servers: readonly Described[],
  wanted: Wanted,
  backend: string,
): PipelineError | undefined {
  const has = (listed: (of: Capabilities) => readonly string[], name: string) =>
    servers.some(({ capabilities }) => capabilities && listed(capabilities).includes(name))
  if (!has(({ operations }) => operations, wanted.operation))
    return core.SW_BACKEND_UNSUPPORTED({ backend, what: `the operation "${wanted.operation}"` })
  const slot = wanted.slots.find((one) => !has(({ slots }) => slots, one))
  return slot === undefined
    ? undefined
    : core.SW_BACKEND_UNSUPPORTED({ backend, what: `the slot "${slot}"` })
}

/** `lora "ink"` */
export function nameOf({ kind, name }: Need): string {
  return `${kind} "${name}"`
}
