import type { PipelinePlan } from '../plan/stage-plan.js'
import type { RunResult, StageResult } from './result.js'

/** One finished run, for tools that learn from settings and results. Keys are snake_case: it is a line of JSON. */
export interface LearningRecord {
  readonly run_id: string
  /** ISO 8601, UTC. */
  readonly timestamp: string
  readonly config: Readonly<Record<string, unknown>>
  readonly stages: readonly {
    readonly name: string
    readonly outcome: string
    readonly ms: number
  }[]
  readonly primary_model: string | null
  readonly sampler_name: string | null
  readonly scheduler: string | null
  readonly steps: number | null
  readonly cfg_scale: number | null
  readonly seeds: readonly number[]
  /** SHA-256 of the final pictures. */
  readonly outputs: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface LearningOptions {
  /** Appends one line (with its newline) to `learning_records.jsonl`, or wherever it is kept. */
  readonly write: (line: string) => void | Promise<void>
  readonly onRecord?: (record: LearningRecord) => void | Promise<void>
  readonly now?: () => Date
}

/** Writes one JSON line for each run that is done, then calls back. `run()` emits the record; what the writer or the
 *  callback throws becomes a warning and changes nothing else. */
export class LearningRecorder {
  readonly #options: LearningOptions

  constructor(options: LearningOptions) {
    this.#options = options
  }

  async record(result: RunResult): Promise<LearningRecord> {
    const record = learningRecord(result, this.#options.now?.() ?? new Date())
    await this.#options.write(`${JSON.stringify(record)}\n`)
    await this.#options.onRecord?.(record)
    return record
  }
}

function learningRecord(result: RunResult, now: Date): LearningRecord {
  const { config, plan } = result
  const primary = primaryConfig(plan)
  const text = (key: string): string | null =>
    typeof primary[key] === 'string' ? primary[key] : null
  const number = (key: string): number | null =>
    typeof primary[key] === 'number' ? primary[key] : null
  const { metadata } = config
  return {
    run_id: result.runId,
    timestamp: now.toISOString(),
    config,
    stages: result.stages.map(({ name, outcome, ms }: StageResult) => ({ name, outcome, ms })),
    primary_model: text('model'),
    sampler_name: text('sampler_name'),
    scheduler: text('scheduler'),
    steps: number('steps'),
    cfg_scale: number('cfg_scale'),
    seeds: result.images.map(({ seed }) => seed),
    outputs: result.images.map(({ digest }) => digest),
    metadata: (metadata ?? {}) as Readonly<Record<string, unknown>>,
  }
}

/** The config of the first enabled stage that generates. */
function primaryConfig(plan: PipelinePlan): Readonly<Record<string, unknown>> {
  return plan.stages.find(({ enabled, generates }) => enabled && generates)?.config ?? {}
}
