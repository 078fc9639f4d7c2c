import type { Need } from '../contract/backend.js'
import type { PlannedContribution } from '../contract/slot.js'
import type { PlanNote } from '../errors/define-notes.js'

/** How many pictures of one size. */
export interface SizeForecast {
  readonly count: number
  readonly width: number
  readonly height: number
}

/** One stage in a plan: JSON only, so it can be printed, stored, compared and made by hand. */
export interface StagePlan {
  readonly name: string
  readonly phase: { readonly name: string; readonly rank: number }
  readonly enabled: boolean
  /** Position among all stages, from 0. A plan whose entries carry none is ordered by the sequencer. */
  readonly order?: number
  readonly config: Readonly<Record<string, unknown>>
  readonly after: readonly string[]
  readonly before: readonly string[]
  readonly consumes: 'nothing' | 'maybe' | 'images'
  readonly generates: boolean
  readonly terminal: boolean
  /** call: it runs itself. merged: it is part of the calls of the stages in `into`. */
  readonly execution: { readonly kind: 'call' | 'merged'; readonly into: readonly string[] }
  readonly contributions: readonly PlannedContribution[]
  readonly needs: readonly Need[]
  /** The pictures it hands on. */
  readonly output: readonly SizeForecast[]
  /** The operation it calls; absent when it is merged or works without the backend. */
  readonly operation?: string
  /** Backend calls it makes, as far as can be known; 0 when merged. */
  readonly calls: number
  /** Checkpoints that each `cycle` of its calls loads, in order. */
  readonly models: readonly string[]
  /** How many calls in a row `models` describes. */
  readonly cycle: number
  readonly notes: readonly PlanNote[]
  /** Why it runs the way it does. */
  readonly why: string
  /** What `placement` changed, in words. */
  readonly placed?: string
  readonly version: string
  /** Whether the same config and pictures always give the same pictures, as far as a plan can tell. */
  readonly deterministic?: true
}

/** All registered stages, the disabled too, in order. */
export interface PipelinePlan {
  readonly stages: readonly StagePlan[]
  /** Whether the run starts from given pictures. */
  readonly reprocess: boolean
  /** Whether it was made without a backend, so that the core slots and operations were assumed. */
  readonly assumed?: boolean
}
