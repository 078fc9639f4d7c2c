import {
  canonicalName,
  type Capabilities,
  type Need,
  type PipelinePlan,
  type RunConfig,
  type RunEvent,
  type StageImage,
} from '@stagewright/core'

import { hashOf } from '../calls/canonical.js'
import { errors } from '../errors.js'
import type { ResourceRecord } from './run-record.js'

type RunStarted = Extract<RunEvent, { type: 'run-started' }>

/** What is known of a run once it has started. */
export interface Started {
  /** On the clock of `performance.now()`. */
  readonly at: number
  readonly runId: string
  readonly plan: PipelinePlan
  /** With seeds and the model resolved. */
  readonly config: RunConfig
  readonly backend: string
  readonly capabilities: Capabilities
  /** Version of each stage, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly needs: readonly Need[]
}

/** A file that shall be in the run's folder before the first call. */
export type StartFile =
  | { readonly path: string; readonly content: string }
  | { readonly path: string; readonly image: StageImage }

export function startedFrom(event: RunStarted, at: number): Started {
  const { runId, plan, config, backend, capabilities } = event
  return {
    at,
    runId,
    plan,
    config,
    backend,
    capabilities,
    versions: Object.fromEntries(plan.stages.map(({ name, version }) => [name, version])),
    needs: plan.stages.flatMap((stage) => stage.needs),
  }
}

/** What the plan needs by name, once each. */
export function resourcesOf({ needs, capabilities }: Started): readonly ResourceRecord[] {
  const { hashes = {} } = capabilities.identity ?? {}
  const found = new Map<string, ResourceRecord>()
  for (const { kind, name: written } of needs) {
    const name = canonicalName(capabilities, kind, written)
    const hash = hashes[kind]?.[name]
    found.set(`${kind} ${name}`, { kind, name, ...(hash === undefined ? {} : { hash }) })
  }
  return [...found.values()]
}

/** SHA-256 of a plan, 16 digits: equal for runs that do the same. */
export function planHash(plan: PipelinePlan): string {
  return hashOf(plan).slice(0, 16)
}

/** The stages that are made anew when all from `from` on shall be: a merged one is made with its host.
 *  @throws {PipelineError} SW_STORE_NO_SUCH_STAGE */
export function anewFrom(plan: PipelinePlan, from: string): ReadonlySet<string> {
  const enabled = plan.stages.filter((stage) => stage.enabled)
  const named = enabled.find(({ name }) => name === from)
  if (named === undefined)
    throw errors.SW_STORE_NO_SUCH_STAGE({
      stage: from,
      known: enabled.map(({ name }) => name),
      stopsRun: true,
    })
  const first = named.execution.kind === 'merged' ? named.execution.into : [from]
  const at = enabled.findIndex(({ name }) => first.includes(name))
  return new Set(enabled.slice(at).map(({ name }) => name))
}
