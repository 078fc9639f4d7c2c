import { existsSync } from 'node:fs'
import { join, sep } from 'node:path'

import type { RunStatus } from '../run/read-run.js'
import { holderOf, runLockPath } from '../run/run-lock.js'
import type { PictureRow, RunRow, StageRow } from './queries.js'
import type { StageEntry } from './run-facts.js'

/** A run as a list shows it. What is not known is null. */
export interface RunEntry {
  readonly runId: string
  /** Absolute. */
  readonly folder: string
  readonly name: string
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly status: RunStatus
  /** Milliseconds, once it has ended. */
  readonly ms: number | null
  readonly prompt: string | null
  readonly negativePrompt: string | null
  readonly model: string | null
  readonly backend: string | null
  readonly dialect: string | null
  readonly server: string | null
  readonly planHash: string | null
  readonly seed: number | null
  /** Code of the error that ended it. */
  readonly error: string | null
  /** How many pictures reached the end. */
  readonly pictureCount: number
}

/** A picture in the folder of a run. */
export interface PictureEntry {
  readonly digest: string
  /** Absolute. */
  readonly file: string
  /** Within the run's folder, with `/`. */
  readonly path: string
  readonly place: 'final' | 'unfinished' | 'stage'
  readonly stage: string | null
  readonly width: number
  readonly height: number
  readonly seed: number
  readonly lineage: readonly string[]
  /** The newest rating of the picture, 1–5, and its note. */
  readonly rating: number | null
  readonly note: string | null
  readonly runId: string
  /** The folder of the run, absolute. */
  readonly folder: string
}

export interface RunDetails extends RunEntry {
  readonly stages: readonly StageEntry[]
  readonly pictures: readonly PictureEntry[]
}

export function runEntry(row: RunRow, root: string, status: RunStatus): RunEntry {
  return {
    runId: row.run_id,
    folder: root + sep + row.folder,
    name: row.name,
    createdAt: row.created_at,
    status,
    ms: row.ms,
    prompt: row.prompt,
    negativePrompt: row.negative_prompt,
    model: row.model,
    backend: row.backend,
    dialect: row.dialect,
    server: row.server,
    planHash: row.plan_hash,
    seed: row.seed,
    error: row.error_code,
    pictureCount: row.picture_count,
  }
}

export function pictureEntry(row: PictureRow, root: string): PictureEntry {
  const { run_id: runId, folder: name, lineage, ...picture } = row
  const folder = join(root, name)
  const file = join(folder, picture.path)
  return { ...picture, lineage: JSON.parse(lineage) as string[], runId, folder, file }
}

export function stageEntry({ name, outcome, ms, calls, made, kept }: StageRow): StageEntry {
  return { name, outcome, ms, calls, made, kept }
}

/** How a run stands that has not ended: whether somebody works on it shows in its lock, and nowhere else. */
export async function openStatus(folder: string): Promise<RunStatus> {
  const isHeld = existsSync(runLockPath(folder)) && (await holderOf(folder)) !== undefined
  return isHeld ? 'running' : 'interrupted'
}
