import { createHash, randomUUID } from 'node:crypto'
import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { PipelinePlan, StagePlan } from '@stagewright/core'

import type { CallEntry, JournalEvent, RunRecord, SavedRecord } from '../src/index.js'
import { lineOf } from '../src/run/journal.js'

/** A run to be written as a folder, without running it. */
export interface KeptRun {
  readonly folder?: string
  readonly id?: string
  /** ISO 8601. */
  readonly at?: string
  readonly name?: string
  readonly prompt?: string
  readonly negativePrompt?: string
  readonly model?: string
  readonly server?: string
  /** Undefined for one that was killed. */
  readonly status?: 'done' | 'partial' | 'failed' | 'cancelled' | undefined
  /** Seeds of its pictures; each is named by its seed. */
  readonly seeds?: readonly number[]
  /** Milliseconds of its one call. */
  readonly ms?: number
  readonly source?: 'made' | 'kept'
  /** What was loaded for it. */
  readonly loads?: CallEntry['loads']
  readonly size?: number
  readonly steps?: number
}

/** Writes `run.json` and a journal as a run of one stage leaves them.
 *  @returns its folder */
export async function keepRun(root: string, run: KeptRun = {}): Promise<string> {
  const id = run.id ?? randomUUID()
  const folder = join(root, run.folder ?? `20251123-000000-${id.slice(0, 8)}`)
  await mkdir(folder, { recursive: true })
  const record = recordOf(run, id)
  await writeFile(join(folder, 'run.json'), JSON.stringify(record))
  await writeFile(join(folder, 'journal.jsonl'), eventsOf(run, record).map(lineOf).join(''))
  return folder
}

/** Adds events to the journal of a run, as a later attempt does. */
export async function goOn(folder: string, events: readonly JournalEvent[]): Promise<void> {
  await appendFile(join(folder, 'journal.jsonl'), events.map(lineOf).join(''))
}

/** The end of a run. */
export function finished(
  status: 'done' | 'partial' | 'failed' | 'cancelled',
  images: readonly SavedRecord[] = [],
): JournalEvent {
  const error = status === 'failed' ? { error: { code: 'SW_BACKEND_GONE', message: 'gone' } } : {}
  return {
    type: 'run_finished',
    at,
    status,
    ms: 90,
    images,
    unfinished: [],
    warnings: [],
    ...error,
  }
}

/** A picture of a stage or among the final ones; its digest is that of its seed. */
export function picture(seed: number, path: string, size = 512): SavedRecord {
  return {
    digest: digestOf(`picture ${seed}`),
    content: digestOf(`pixels ${seed}`),
    media_type: 'image/png',
    width: size,
    height: size,
    seed,
    lineage: ['txt2img'],
    path,
  }
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A stage that makes calls, switched on. */
export function stagePlan(over: Partial<StagePlan> = {}): StagePlan {
  return {
    name: 'txt2img',
    phase: { name: 'Generate', rank: 100 },
    enabled: true,
    config: {},
    after: [],
    before: [],
    consumes: 'nothing',
    generates: true,
    terminal: false,
    execution: { kind: 'call', into: [] },
    contributions: [],
    needs: [],
    output: [],
    operation: 'txt2img',
    calls: 1,
    models: [],
    cycle: 1,
    notes: [],
    why: '',
    version: '1',
    ...over,
  }
}

const at = '2025-11-23T10:00:00.000Z'

function recordOf(run: KeptRun, id: string): RunRecord {
  const { model = 'sd_xl_base_1.0', steps = 20, seeds = [7], prompt = 'a cat' } = run
  const [seed = 0] = seeds
  const config = { prompt, negative_prompt: run.negativePrompt ?? '', model, seed, steps }
  const plan: PipelinePlan = { stages: [stagePlan({ config })], reprocess: false }
  return {
    v: 1,
    run_id: id,
    name: run.name ?? 'cat',
    created_at: run.at ?? at,
    config_given: {},
    config: { ...config, txt2img: {} },
    plan,
    plan_hash: digestOf(JSON.stringify(plan)).slice(0, 16),
    backend: { kind: 'webui', dialect: 'a1111', server: run.server ?? 'http://127.0.0.1:7860' },
    notices: [],
    versions: {},
    stages: [{ name: 'txt2img', version: '1' }],
    options: {},
    sources: [],
    resources: [],
  }
}

function eventsOf(run: KeptRun, record: RunRecord): JournalEvent[] {
  const { seeds = [7], size = 512, ms = 1000, source = 'made' } = run
  const images = seeds.map((seed) => picture(seed, `stages/1-txt2img/01-s${seed}.png`, size))
  const entry: CallEntry = { v: 1, images, ms, ...(run.loads ? { loads: run.loads } : {}) }
  const call = { id: 'a', stage: 'txt2img', operation: 'txt2img', keys: [digestOf(record.run_id)] }
  const finals = seeds.map((seed) => picture(seed, `final/01-s${seed}.png`, size))
  const status = 'status' in run ? run.status : 'done'
  return [
    { type: 'journal', at, v: 1, run_id: record.run_id },
    { type: 'attempt', at, pid: 1 },
    { type: 'stage_started', at, stage: 'txt2img', images: [], merged_with: [] },
    { type: 'call_started', at, ...call },
    { type: 'call_finished', at, ...call, source, ms, inputs: [], entry },
    {
      type: 'stage_finished',
      at,
      stage: 'txt2img',
      outcome: 'done',
      ms,
      calls: 1,
      merged_into: [],
      summary: [],
      images,
    },
    ...(status === undefined ? [] : [finished(status, finals)]),
  ]
}

/** The name of a run's folder. */
export function nameOf({ folder }: { readonly folder: string }): string {
  return basename(folder)
}
