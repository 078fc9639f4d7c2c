import { createHash } from 'node:crypto'

import {
  type Backend,
  type CallContext,
  type CallResult,
  type Capabilities,
  type Contribution,
  coreCapabilities,
  errors,
  Hires,
  type Operation,
  Refiner,
  requestAsJson,
  type Slot,
} from '@stagewright/core'

import { answer } from './answer.js'

/** Every kind of resource that our own stages name. */
export const resourceKinds = Object.freeze([
  'model',
  'vae',
  'module',
  'lora',
  'style',
  'sampler',
  'scheduler',
  'hires_upscaler',
  'upscaler',
  'client_upscaler',
  'face_restorer',
  'detector',
  'controlnet_model',
  'controlnet_module',
  'script',
  'option',
  'field',
])

export interface FakeBackendOptions {
  readonly kind?: string
  /** Operations besides core's own: those of plugins. */
  readonly operations?: readonly Named[]
  /** Slots besides core's own: those of plugins. */
  readonly slots?: readonly Named[]
  /** Known names by kind of resource, or `"any"`. Kinds of our own stages are `"any"` unless they stand here. */
  readonly resources?: Capabilities['resources']
  /** Replaces parts of what the backend says of itself, so that it can do less: `{ slots: [] }`. */
  readonly capabilities?: Partial<Capabilities>
  /** Slots for which it returns the pictures before that slot's pass. Default: none. */
  readonly before?: readonly Named[]
}

/** An operation or a slot, or its name. */
export type Named = string | { readonly name: string }

/** A backend without a model: it answers every request with tiny PNGs of the right size, seed and settings, which say
 *  what was done to them (`effectsOf`). Deterministic. It refuses what it does not name in `describe()`. */
export function fakeBackend(options: FakeBackendOptions = {}): Backend {
  const capabilities = capabilitiesOf(options)
  const kind = options.kind ?? 'fake'
  const slots = slotTable(capabilities, options.slots ?? [])
  const before = new Set((options.before ?? []).map(nameOf))
  return {
    kind,
    describe: () => Promise.resolve(capabilities),
    call: async <R>({ name }: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      ctx.signal.throwIfAborted()
      const cannot = (what: string) => errors.SW_BACKEND_UNSUPPORTED({ backend: kind, what })
      if (!capabilities.operations.includes(name)) throw cannot(`the operation "${name}"`)
      for (const one of ctx.contributions)
        if (!carries(one, name, slots)) throw cannot(`the slot "${one.slot}" on ${name}`)
      ctx.progress(0)
      const result = await answer(name, request, {
        grid: capabilities.grid,
        effects: effectsOfCall(ctx),
        contributions: ctx.contributions,
        fingerprint: fingerprint(name, request, ctx.contributions),
        before,
      })
      ctx.signal.throwIfAborted()
      ctx.progress(1)
      return result
    },
  }
}

function capabilitiesOf(options: FakeBackendOptions): Capabilities {
  const { operations = [], slots = [], resources = {} } = options
  return Object.freeze({
    operations: [...coreCapabilities.operations, ...operations.map(nameOf)],
    slots: [...coreCapabilities.slots, ...slots.map(nameOf)],
    grid: coreCapabilities.grid,
    resources: {
      ...Object.fromEntries(resourceKinds.map((kind) => [kind, 'any' as const])),
      ...resources,
    },
    ...options.capabilities,
  })
}

/** For each slot the operations that carry it; undefined where only the contribution says. */
type SlotTable = ReadonlyMap<string, readonly string[] | undefined>

function slotTable({ slots }: Capabilities, given: readonly Named[]): SlotTable {
  const declared = [Hires, Refiner, ...given.filter((one) => typeof one !== 'string')]
  return new Map(
    slots.map((name) => [name, declared.find((one): one is Slot<never> => isSlot(one, name))?.on]),
  )
}

function isSlot(one: { readonly name: string }, name: string): boolean {
  return one.name === name && 'on' in one
}

function carries(one: Contribution, operation: string, slots: SlotTable): boolean {
  return slots.has(one.slot) && (slots.get(one.slot) ?? one.on).includes(operation)
}

/** The stage that calls, then the stages that contribute; a contribution made by hand is named by its slot. */
function effectsOfCall({ stage, label, contributions }: CallContext): string[] {
  const host = label === undefined ? stage : `${stage}:${label}`
  const from = contributions.map((one) =>
    'stage' in one && typeof one.stage === 'string' ? one.stage : one.slot,
  )
  return [host, ...new Set(from.filter((name) => name !== stage))]
}

const ofOnePicture = new Set(['image', 'images', 'batch_size', 'seed', 'subseed'])

/** What the pictures of a call depend on besides seed and source: the same picture comes alone and in a batch. */
function fingerprint(
  operation: string,
  request: unknown,
  contributions: readonly Contribution[],
): string {
  const fields = Object.entries(request as object).filter(([key]) => !ofOnePicture.has(key))
  const carried = contributions.map(({ slot, value }) => ({ slot, value }))
  const text = JSON.stringify([operation, requestAsJson(Object.fromEntries(fields)), carried])
  return createHash('sha256').update(text).digest('hex')
}

function nameOf(one: Named): string {
  return typeof one === 'string' ? one : one.name
}
