import type { PipelineError } from '../errors/pipeline-error.js'
import type { Operation } from './operation.js'
import type { Sampling } from './sampling.js'
import type { Contribution } from './slot.js'
import type { ImageBatch } from './stage-image.js'

/** A name the backend must know, checked against `describe()` before the first call. */
export interface Need {
  /** model, vae, module, lora, style, sampler, scheduler, hires_upscaler, upscaler, client_upscaler (one that needs no
   *  server), face_restorer, detector, script, option, or a kind of a plugin's own. */
  readonly kind: string
  readonly name: string
  /** Where it is written: in a stage's intent within its section (`units[0].ad_model`), in a plan from the top
   *  (`adetailer.units[0].ad_model`, or `sampler_name` for a shared field). */
  readonly path: string
  /** The label of the calls that need it, where not all calls of the stage do: the unit's name. */
  readonly label?: string
  /** How many arguments it is given, where it takes any: a script. */
  readonly count?: number
}

/** All that one call of a plan needs at once. */
export interface CallNeeds {
  readonly stage: string
  readonly operation: string
  /** Slots that it carries. */
  readonly slots: readonly string[]
  /** Of the stage that calls, and of those that contribute to the call. */
  readonly needs: readonly Need[]
  /** Largest seed it uses; absent where it has none, or it is not settled. */
  readonly seed?: number
  /** Sides of the pictures that it makes from nothing, in pixels, as asked for. */
  readonly sides?: readonly number[]
}

/** A setting of which a backend cannot have every value: its server ignores it in silence, or fails on it. */
export interface SettingLimit {
  /** The operations or slots whose calls have it. */
  readonly on: readonly string[]
  /** Its name, that of the request and of the section; `units[].ad_confidence` in each of a list. */
  readonly field: string
  /** What it may be where it is set at all; of a number, from `least` to `most`. */
  readonly only?: readonly unknown[]
  readonly least?: number
  readonly most?: number
  /** It holds where these others have just these values. */
  readonly beside?: Readonly<Record<string, unknown>>
  /** Why, in words: "SD.Next has no face restoration". */
  readonly reason: string
  /** What to do. */
  readonly remedy: string
}

export interface CountRange {
  readonly least: number
  readonly most: number
}

/** How a backend rounds sizes. */
export interface SizeGrid {
  readonly multiple: number
  readonly round: 'down' | 'up'
}

/** What a backend can do, as plain data. */
export interface Capabilities {
  readonly operations: readonly string[]
  readonly slots: readonly string[]
  readonly grid: SizeGrid
  /** Known names per kind of resource, or `"any"`. A kind that is absent is one the backend does not have. */
  readonly resources: Readonly<Record<string, readonly string[] | 'any'>>
  /** Other names of a resource, by kind: alias → the name it stands for. */
  readonly aliases?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Kinds whose names are compared without regard to case. */
  readonly anyCase?: readonly string[]
  /** Kinds whose unknown names are errors also where names are let pass: nothing could be sent for them. */
  readonly exact?: readonly string[]
  /** By kind and name, why a name that the server may know is refused. */
  readonly refused?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What to do where an operation, a slot, a kind or a field is missing, by its name. */
  readonly remedies?: Readonly<Record<string, string>>
  /** What is used when a field is left unset; `run()` pins it for the whole run. */
  readonly current?: Partial<Pick<Sampling, 'model' | 'vae' | 'additional_modules' | 'clip_skip'>>
  /** By slot, what a call that carries it cannot honour: `{ refiner: ["first"] }` where a merged call with hires goes on
   *  with the refiner in the second pass. A stage asks with `previous.carries(slot, "first")`. */
  readonly limits?: Readonly<Record<string, readonly string[]>>
  /** By kind and name, how many arguments it takes. */
  readonly counts?: Readonly<Record<string, Readonly<Record<string, CountRange>>>>
  /** What calls cannot be set to; compared with the sections of a plan before its first call. */
  readonly settings?: readonly SettingLimit[]
  /** Whether calls may show their pictures while they are made (`CallContext.preview`). */
  readonly previews?: boolean
  /** Largest seed the backend can take. Default 2³²−1. */
  readonly maxSeed?: number
  /** Who the backend is. What is unset is not known. */
  readonly identity?: BackendIdentity
}

/** What makes the same request give other pictures elsewhere: part of what a kept call is known by. */
export interface BackendIdentity {
  readonly dialect?: string
  readonly version?: string
  /** Where it is, without credentials: names a resource whose hash is not known. */
  readonly server?: string
  /** Settings of its own that change what comes back. */
  readonly options?: Readonly<Record<string, unknown>>
  /** By kind of resource and name, the hash of its file. */
  readonly hashes?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A picture on its way: encoded, as large as the backend likes to show it. */
export interface Preview {
  readonly bytes: Uint8Array
  readonly mediaType: string
}

export interface CallContext {
  /** Never given twice: what a journal and a server can know the call by. */
  readonly id: string
  /** Name of the stage that calls. */
  readonly stage: string
  readonly label?: string | undefined
  /** Aborted when the run is cancelled: the only cancel there is. */
  readonly signal: AbortSignal
  readonly contributions: readonly Contribution[]
  /** Every name that the plan says this call needs. Absent where there is no plan. */
  readonly needs?: readonly Need[]
  /** Tells how far this call is, 0–1; `loading`: it stands still there, because a model is being loaded. */
  progress(fraction: number, now?: { readonly loading?: boolean }): void
  /** Shows how the call's pictures look by now. Absent where nobody asked: a backend then asks for none. */
  preview?(picture: Preview): void
}

/** A checkpoint that a call brought into memory. */
export interface ModelLoad {
  /** As the backend lists it: what aliases stand for. */
  readonly model: string
  /** Milliseconds. */
  readonly ms: number
}

export interface CallResult {
  readonly images: ImageBatch
  /** True when the operation is known to have changed no pixel; `unknown` where the format is lossy. */
  readonly unchanged?: boolean | 'unknown'
  /** What `unchanged: true` may mean, where the backend cannot tell: "nothing found, or the detector failed". Default:
   *  nothing found. */
  readonly unchangedMeans?: string
  /** By slot name: the pictures as they were before that slot's pass, where the backend has them. */
  readonly before?: Readonly<Record<string, ImageBatch>>
  readonly warnings?: readonly string[]
  /** Checkpoints that had to be loaded before its first step, with the time that took; empty where surely none was.
   *  Absent where the backend cannot tell, or could not measure it. */
  readonly loads?: readonly ModelLoad[]
  /** True when nothing was asked of the backend: an earlier call had made it. */
  readonly kept?: boolean
  /** Which of several servers made it, by its name. */
  readonly server?: string
}

/** What runs the calls: a server, a pool, the sketch renderer, or a decorator around one. */
export interface Backend {
  readonly kind: string
  describe(signal?: AbortSignal): Promise<Capabilities>
  call<R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult>
  /** Waits until a call that a program which is gone had begun does not run here any more. `unknown`: nobody can say.
   *  Absent where a call ends with the program that made it. */
  settle?(callId: string, signal?: AbortSignal): Promise<'over' | 'unknown'>
  /** For a backend of several parts, of which none may have all that one call needs: why the call cannot be made, by what
   *  `describe()` found last; several reasons in the `errors` of one. Asked before the first call, and trusted instead of comparing each need with `describe()`.
   *  Absent where `describe()` says it all. */
  refuses?(call: CallNeeds): PipelineError | undefined
  [Symbol.asyncDispose]?(): Promise<void>
}

/** The slots and operations that are assumed where a plan is made without a backend. */
export const coreCapabilities: Capabilities = Object.freeze({
  operations: Object.freeze(['txt2img', 'img2img', 'upscale', 'detail']),
  slots: Object.freeze(['hires', 'refiner']),
  grid: Object.freeze({ multiple: 8, round: 'down' as const }),
  resources: Object.freeze({}),
})

/** A size in pixels as the backend's grid makes it: never below one cell. */
export function onGrid(pixels: number, grid: SizeGrid): number {
  const cells = pixels / grid.multiple
  return Math.max(1, grid.round === 'up' ? Math.ceil(cells) : Math.floor(cells)) * grid.multiple
}

/** Whether a request, or what holds the setting in a section, has nothing that the limit forbids. */
export function meetsLimit(
  values: Readonly<Record<string, unknown>>,
  limit: Omit<SettingLimit, 'reason' | 'remedy'>,
): boolean {
  const { only, least, most, beside = {} } = limit
  const value = values[limitedKey(limit)]
  if (value === undefined) return true
  if (Object.entries(beside).some(([key, other]) => values[key] !== other)) return true
  if (only !== undefined && !only.includes(value)) return false
  return typeof value !== 'number' || (value >= (least ?? value) && value <= (most ?? value))
}

/** The setting's own name, without the list that it is in. */
export function limitedKey({ field }: Pick<SettingLimit, 'field'>): string {
  return field.replace(/^.*\./, '')
}
