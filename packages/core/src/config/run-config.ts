/* oxlint-disable typescript/no-explicit-any -- see contract/stage.ts */
import type { Stage } from '../contract/stage.js'
import type { Placement } from '../plan/placement.js'
import type { PresetName } from './presets.js'

type Flat<T> = { [P in keyof T]: T[P] } & {}
type Field<S extends Stage, P extends string> =
  S extends Stage<string, infer I, infer K> ? (P extends K & keyof I ? I[P] : never) : never
type Section<S extends Stage> =
  S extends Stage<string, infer I, infer K>
    ? Flat<Omit<I, K> & Partial<Pick<I, K & keyof I>> & { enabled?: boolean | undefined }>
    : never

/** Keys of a run file that belong to no stage. */
export interface ReservedFields<N extends string = string> {
  /** sd, xl or flux: sets shared defaults as Forge's own presets do. */
  readonly preset?: PresetName | undefined
  /** Pictures to start from: a reprocess run. */
  readonly input_images?: readonly string[] | undefined
  /** Moves a stage from its place. */
  readonly placement?: { readonly [P in N]?: Placement } | undefined
  /** Copied into the result and the learning record. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  readonly $schema?: string | undefined
}

/** The type of a run config, inferred from the stages given; a record when they are not a tuple. */
export type RunConfigInput<S extends readonly Stage[]> = string extends S[number]['name']
  ? RunConfig
  : { readonly [T in S[number] as T['name']]?: Section<T> | null } & {
      readonly [P in S[number]['inherits'][number]]?: Field<S[number], P>
    } & ReservedFields<S[number]['name']>

/** A run config as plain JSON data: sections by stage name, shared fields, and the reserved keys. */
export type RunConfig = Readonly<Record<string, any>>
