import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { BackendIdentity, PipelinePlan, RunConfig } from '@stagewright/core'

import { isMissing, readError, writeWhole } from '../disk/files.js'
import { errors } from '../errors.js'

const recordVersion = 1
const mostBytes = 2 ** 24

/** `run.json`: what a run is, settled before its first call. */
export interface RunRecord {
  readonly v: 1
  readonly run_id: string
  /** What the run is called: the run file's name without its ending. */
  readonly name: string
  /** ISO 8601, UTC. */
  readonly created_at: string
  readonly config_given: unknown
  /** With seeds and the model resolved. */
  readonly config: RunConfig
  readonly plan: PipelinePlan
  /** SHA-256 of the plan, 16 digits. */
  readonly plan_hash: string
  readonly backend: { readonly kind: string } & Omit<BackendIdentity, 'hashes'>
  /** What the plan needs of the backend by name, with the hash of its file where the backend knows it. */
  readonly resources: readonly ResourceRecord[]
  /** Settings of the server that change what comes back, in words. */
  readonly notices: readonly string[]
  /** By name of package or program. */
  readonly versions: Readonly<Record<string, string>>
  readonly stages: readonly { readonly name: string; readonly version: string }[]
  /** What whoever began the run wants to know when it is resumed. */
  readonly options: Readonly<Record<string, unknown>>
  /** Folders of earlier runs whose calls it may use. */
  readonly sources: readonly string[]
  /** The stage from which on everything is made anew. */
  readonly from?: string | undefined
}

export interface ResourceRecord {
  /** model, vae, lora, upscaler, … */
  readonly kind: string
  readonly name: string
  readonly hash?: string | undefined
}

export function recordPath(folder: string): string {
  return join(folder, 'run.json')
}

export async function writeRecord(folder: string, record: RunRecord): Promise<void> {
  await writeWhole(recordPath(folder), `${JSON.stringify(record, null, 2)}\n`)
}

/** The record of a run; undefined where it was not yet written.
 *  @throws {PipelineError} SW_STORE_NEWER, SW_STORE_NOT_A_RUN, SW_STORE_READ_FAILED */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const path = recordPath(folder)
  const refuse = (problem: string) => errors.SW_STORE_NOT_A_RUN({ path: folder, problem })
  let value: unknown
  try {
    if ((await stat(path)).size > mostBytes) throw refuse(`run.json has over ${mostBytes} bytes`)
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return undefined
    if (error instanceof SyntaxError) throw refuse('its run.json is no JSON')
    throw readError(path, error)
  }
  const {
    v,
    run_id: id,
    config,
    plan,
  } = (value ?? {}) as Partial<Omit<RunRecord, 'v'>> & {
    v?: unknown
  }
  if (typeof v === 'number' && v > recordVersion)
    throw errors.SW_STORE_NEWER({ path, found: v, known: recordVersion })
  if (v !== recordVersion || typeof id !== 'string' || config === undefined || plan === undefined)
    throw refuse('its run.json is not one of stagewright')
  return value as RunRecord
}
