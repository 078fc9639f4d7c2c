import {
  type CallContext,
  type Capabilities,
  errors as core,
  mismatch,
  type Need,
  onGrid,
  type PipelineError,
  type SizeGrid,
} from '@stagewright/core'

import { poolErrors } from './errors.js'

/** What one call wants of a server. */
export interface Wanted {
  readonly stage: string
  readonly operation: string
  readonly slots: readonly string[]
  readonly needs: readonly Need[]
  /** Largest seed it uses; 0 where there is none. */
  readonly seed: number
  /** Sides that the server would round, in pixels. */
  readonly sides: readonly number[]
}

/** What a call wants, by its request and context. A model that the request names counts where there is no plan. */
export function wantedBy(operation: string, request: unknown, ctx: CallContext): Wanted {
  const fields = fieldsOf(request)
  const { seed, batch_size: batch, width, height } = fields
  const named = modelsOf(request, ctx).map((name) => ({ kind: 'model', name, path: 'model' }))
  return {
    stage: ctx.stage,
    operation,
    slots: [...new Set(ctx.contributions.map(({ slot }) => slot))],
    needs: ctx.needs ?? named,
    seed: typeof seed === 'number' ? seed + (typeof batch === 'number' ? batch - 1 : 0) : 0,
    sides: [width, height, ...hiresSides(fields, ctx)].filter(
      (side): side is number => typeof side === 'number' && side > 0,
    ),
  }
}

/** Checkpoints that a call loads, in order: its own, that of a high-res pass, a refiner. */
export function modelsOf(request: unknown, { contributions }: Pick<CallContext, 'contributions'>) {
  const values = [request, ...contributions.map(({ value }) => value)].map(fieldsOf)
  const names = ['model', 'hr_checkpoint_name', 'refiner_checkpoint'].flatMap((key) =>
    values.map((value) => value[key]),
  )
  return [...new Set(names.filter((name): name is string => typeof name === 'string'))]
}

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
    return { text: capabilities.refused?.[need.kind]?.[need.name] ?? `lacks ${nameOf(need)}`, need }
  if (wanted.seed > maxSeed) return { text: `takes no seed over ${maxSeed}` }
  const side = wanted.sides.find((one) => onGrid(one, capabilities.grid) !== onGrid(one, grid))
  return side === undefined
    ? undefined
    : { text: `rounds ${side} px to ${onGrid(side, capabilities.grid)}` }
}

/** That no server can make a call, with each one's reason. */
export function noServer(
  servers: readonly Described[],
  wanted: Wanted,
  grid: SizeGrid,
): PipelineError {
  const reasons = servers.map((server) => ({
    name: server.name,
    ...(reasonAgainst(server, wanted, grid) ?? { text: 'has it' }),
  }))
  const told = (need: Need | undefined) =>
    reasons.map((one) =>
      need !== undefined && one.need !== undefined && nameOf(one.need) === nameOf(need)
        ? `${one.name} lacks it`
        : `${one.name} ${one.text}`,
    )
  // One name that nobody has beside the operation: that is what is missing.
  const need = wanted.needs.find((one) =>
    servers.every(
      ({ capabilities: has }) =>
        has === undefined ||
        !has.operations.includes(wanted.operation) ||
        mismatch(one, has, '') !== undefined,
    ),
  )
  const asked = reasons.some((one) => one.need !== undefined)
  if (need !== undefined && asked)
    return poolErrors.SW_POOL_NO_SERVER({
      path: need.path,
      kind: need.kind,
      name: need.name,
      what: nameOf(need),
      reasons: told(need),
    })
  const none = !servers.some(({ capabilities }) =>
    capabilities?.operations.includes(wanted.operation),
  )
  return poolErrors.SW_POOL_NO_SERVER({
    what: none
      ? `the operation "${wanted.operation}", which ${wanted.stage} needs`
      : `all that one call of ${wanted.stage} needs`,
    reasons: told(undefined),
  })
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

function nameOf({ kind, name }: Need): string {
  return `${kind} "${name}"`
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** The sides that a high-res pass aims at. */
function hiresSides({ width, height }: Fields, { contributions }: CallContext): unknown[] {
  return contributions
    .map(({ value }) => fieldsOf(value))
    .flatMap(({ hr_scale: scale, hr_resize_x: x, hr_resize_y: y }) => [
      x,
      y,
      ...[width, height].map((side) =>
        typeof side === 'number' && typeof scale === 'number' && !x && !y ? side * scale : 0,
      ),
    ])
}
