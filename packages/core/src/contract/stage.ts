/* oxlint-disable typescript/no-explicit-any -- variance: a stage of any config type must be a Stage */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

import { type Provider, type ServiceOf, type Token, token } from '../di/token.js'
import type { PlanNote } from '../errors/define-notes.js'
import type { Need } from './backend.js'
import type { Operation } from './operation.js'
import type { PhaseRef } from './phase.js'
import type { Sampling } from './sampling.js'
import type { Contribution, Slot } from './slot.js'
import type { ImageBatch, StageImage } from './stage-image.js'

/** A config schema: Standard Schema with JSON Schema, so a plugin may use any library, or another copy of one. */
export type Schema<I = any, O = any> = StandardSchemaV1<I, O> & StandardJSONSchemaV1<I, O>
type In<C extends Schema> = StandardSchemaV1.InferInput<C>
type Out<C extends Schema> = StandardSchemaV1.InferOutput<C>
type Tokens = Readonly<Record<string, Token<any>>>

/** A picture that is expected: its size, and the settings it will have been made with. */
export interface PictureForecast {
  readonly width: number
  readonly height: number
  readonly settings?: Sampling | undefined
  readonly name?: string | undefined
  /** What later stages may want to say something about: "masked", "restore_faces". */
  readonly marks?: readonly string[] | undefined
}
export type Forecast = readonly PictureForecast[]

/** A picture that the stage's config names, as far as planning knows it. */
export interface GivenForecast extends PictureForecast {
  readonly coverage?: number | undefined
}

/** What a stage's `plan` may know. All of it is data: the same view gives the same plan. */
export interface PlanView {
  /** The name the stage runs under. */
  readonly stage: string
  /** The pictures that will arrive; empty before the first generating stage. */
  readonly input: Forecast
  /** Whether this is the first enabled stage that generates. */
  readonly first: boolean
  /** The call right before this stage, no other call in between. */
  readonly previous?: PreviousCall | undefined
  /** Whether a call of the stage's own could carry the slot. */
  readonly carries: (operation: Operation<any>, slot: Slot<any>) => boolean
  /** The pictures behind a reference that the stage's `pictures` declared. */
  readonly pictures: (reference: string, use?: 'picture' | 'mask') => readonly GivenForecast[]
  /** Pixels as the backend's grid makes them. */
  readonly onGrid: (pixels: number) => number
  /** The name that the backend knows a resource by, where it tells aliases; else the name itself. */
  readonly canonical: (kind: string, name: string) => string
}

export interface PreviousCall {
  readonly stage: string
  readonly operation: string
  /** Whether the stage makes pictures by diffusion, as opposed to altering them. */
  readonly generates: boolean
  /** Whether that call can carry the slot, and honour the given use of it. */
  readonly carries: (slot: Slot<any>, use?: string) => boolean
}

/** What a stage is going to do, as its pure `plan` says it. */
export interface Intent<C = any> {
  /** The calls of its own; absent when it only contributes, or works without the backend. */
  readonly call?: {
    readonly operation: Operation<any>
    /** How many calls, as far as can be known. */
    readonly times: number
    /** How many calls in a row `models` describes, where they differ. Default 1. */
    readonly cycle?: number
    /** Whether contributions to generating calls reach this one. Default: the stage's `generates`. */
    readonly generating?: boolean
  }
  /** Checkpoints that each call (or each `cycle` of calls), or its part of the host's call, loads in order. */
  readonly models?: readonly string[]
  /** previous: fused with the call right before. own: carried by this stage's calls.
   *  generating: carried by every generating call after it. */
  readonly contribute?: {
    readonly [To in 'previous' | 'own' | 'generating']?: readonly Contribution[]
  }
  /** The pictures it hands on; absent: as many and as large as came in. */
  readonly output?: Forecast
  readonly needs?: readonly Need[]
  readonly notes?: readonly PlanNote[]
  /** Why it does it this way: "img2img cannot carry hires". Shown by `explain()`. */
  readonly why?: string
  /** The config that `execute` shall see, when planning settles something (a split sampler name). */
  readonly config?: C
}

export interface CallOptions {
  /** Tells several calls on one picture apart: the unit's name. */
  readonly label?: string
}

/** What `execute` works with. It never holds a backend. */
export interface StageContext<C, D extends Tokens = {}> {
  /** The name the stage runs under. */
  readonly stage: string
  readonly config: C
  readonly signal: AbortSignal
  readonly services: { readonly [K in keyof D]: ServiceOf<D[K]> }
  /** Whether this is the first enabled stage that generates. */
  readonly first: boolean
  /** Pixels as the backend's grid makes them. */
  readonly onGrid: (pixels: number) => number
  /** The only way to a backend: names the stage, adds contributions, goes through the interceptors. */
  readonly call: <R>(
    operation: Operation<R>,
    request: R,
    options?: CallOptions,
  ) => Promise<ImageBatch>
  /** `work` for each picture, in order. A picture that fails leaves the batch; abort stops between pictures. */
  readonly each: (
    images: ImageBatch,
    work: (image: StageImage) => Promise<ImageBatch>,
  ) => Promise<ImageBatch>
  /** As `each`, for groups of pictures that one call can take. */
  readonly eachGroup: (
    groups: readonly ImageBatch[],
    work: (group: ImageBatch, index: number) => Promise<ImageBatch>,
  ) => Promise<ImageBatch>
  /** `work` n times, with the same guarantees: how `n_iter` is unrolled. */
  readonly rounds: (
    count: number,
    work: (round: number) => Promise<ImageBatch>,
  ) => Promise<ImageBatch>
  /** The pictures behind a reference that the stage's `pictures` declared. */
  readonly pictures: (reference: string, use?: 'picture' | 'mask') => ImageBatch
  /** Told to observers and kept in the result. */
  readonly warn: (message: string) => void
}

/** A picture that a config names. */
export interface PictureReference {
  readonly reference: string
  /** Where it is written, within the section. */
  readonly path: string
  readonly use: 'picture' | 'mask'
}

/** How the specification's flat run config maps to a section. */
export interface FlatKeys {
  /** Flags of which one must be true for the stage to be on. */
  readonly enabled: readonly string[]
  /** Flat key → path within the section (`units.0.ad_model`); `when` names a flag that must be true for the claim. */
  readonly keys: Readonly<Record<string, string | { readonly to: string; readonly when: string }>>
  /** Flat keys whose 0 means unset. */
  readonly zeroIsUnset?: readonly string[]
}

/** What a stage is: data that the sequencer, the docs and the tools can read. */
export interface StageDefinition<
  N extends string = string,
  C extends Schema = Schema,
  K extends keyof In<C> & string = any,
  D extends Tokens = any,
> {
  readonly name: N
  /** Changes when the same config and input give other pictures: part of every cache key. Default "1". */
  readonly version?: string
  /** Whether the same config and pictures always give the same pictures: a stage that makes no call of its own, and
   *  names no pictures in its config, may then be answered from what was kept. */
  readonly deterministic?: true
  readonly phase: PhaseRef
  /** Stages of the same rank that it follows or precedes; `"name?"` when that stage may be missing. */
  readonly after?: readonly string[]
  readonly before?: readonly string[]
  readonly consumes: 'nothing' | 'maybe' | 'images'
  readonly generates?: true
  /** At most once, last, on the final pictures. */
  readonly terminal?: true
  readonly config: C
  /** Keys whose value comes from the shared fields when the section does not give it. */
  readonly inherits?: readonly K[]
  /** Those of `inherits` that only the first generating stage takes, and from no preset. */
  readonly inheritsWhenFirst?: readonly NoInfer<K>[]
  readonly inject?: D
  /** Services that the stage brings; one that the host provides under the same token comes first. */
  readonly provides?: readonly Provider[]
  /** Other names people look for, and what to write instead: `{ hires: "it is part of refiner: …" }`. */
  readonly misnomers?: Readonly<Record<string, string>>
  readonly flat?: FlatKeys
  /** Whether the section switches the stage on. Default: it is there. */
  enabled?(config: Out<C>): boolean
  /** Pictures that the config names. */
  pictures?(config: Out<C>): readonly PictureReference[]
  /** Pure and synchronous. */
  plan(config: Out<C>, view: PlanView): Intent<Out<C>>
  /** Absent: the stage only contributes. */
  execute?(ctx: StageContext<Out<C>, D>, images: ImageBatch): Promise<ImageBatch>
}

/** A stage as users see it. `I` is the plain input type of its section: no schema library shows in declarations. `K`
 *  are the shared fields that it inherits: none for a stage that is named without them, `Stage<'sharpen', Input>`. */
export interface Stage<
  N extends string = string,
  I = any,
  K extends string = string extends N ? string : never,
> {
  readonly name: N
  readonly contract: number
  readonly config: Schema<I>
  readonly inherits: readonly K[]
  readonly definition: StageDefinition
  /** The name it was defined under. */
  readonly definedAs: string
  /** The same stage again under another name, so that it can stand twice. */
  as<M extends string>(name: M): Stage<M, I, K>
}

/** Stages are registered under this token; `provide(Stage, () => sharpen)` is the same as listing the stage. */
export const Stage = token<Stage>('Stage')
