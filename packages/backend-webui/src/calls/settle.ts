import type { Dialect } from '../dialects/dialect.js'
import { pause, systemClock } from '../http/clock.js'
import type { JsonAnswer, Transport } from '../transport.js'

/** The task that a post of a call runs under: the server can be asked about it, also by another program. */
export function taskIdOf(callId: string, post: number): string {
  return post === 0 ? `stagewright-${callId}` : `stagewright-${callId}-${post}`
}

interface Waiting {
  readonly signal: AbortSignal | undefined
  /** Milliseconds between two looks. */
  readonly interval: number
  /** Milliseconds after which a job that does not move is not waited for: as long as a model may load. */
  readonly still: number
}

/** Waits until the server is at no post of the call any more; where it cannot be asked about one task, until it is at
 *  nothing. `unknown`: it has no route that tells, or goes on telling of a job that does not move: SD.Next does so of one
 *  that raised, until the next begins.
 *  @throws {PipelineError} SW_WEBUI_… when it does not answer; the signal's reason
 *  @source reference §8, /internal/progress and /sdapi/v1/progress */
export async function settleCall(
  transport: Transport,
  dialect: Dialect,
  callId: string,
  { signal, interval, still }: Waiting,
): Promise<'over' | 'unknown'> {
  if (dialect.progress === 'none') return 'unknown'
  let seen: { readonly sign: string; readonly at: number } | undefined
  for (let post = 0; ;) {
    signal?.throwIfAborted()
    const task =
      dialect.progress === 'task'
        ? await taskState(transport, taskIdOf(callId, post), signal)
        : 'waiting'
    if (task === 'finished') {
      post += 1
      continue
    }
    const sign = task === 'gone' ? undefined : await jobNow(transport, signal)
    if (sign === undefined) return 'over'
    const now = systemClock.now()
    if (seen?.sign !== sign) seen = { sign, at: now }
    else if (now - seen.at >= still) return 'unknown'
    await pause(systemClock, interval, signal)
  }
}

/** A server without its page has no such route: its job is then looked for among all. */
async function taskState(
  transport: Transport,
  id: string,
  signal: AbortSignal | undefined,
): Promise<'waiting' | 'finished' | 'gone'> {
  const body = { id_task: id, id_live_preview: -1, live_preview: false }
  const answer = await transport.post('/internal/progress', body, { optional: true, signal })
  if (answer === undefined) return 'waiting'
  const task = fieldsOf(answer)
  if (task['completed'] === true) return 'finished'
  return task['active'] === true || task['queued'] === true ? 'waiting' : 'gone'
}

/** How far the job is that the server is at, as a text that changes as it moves: a task that failed stays active until
 *  another starts. Undefined where it is at nothing, or does not tell. */
async function jobNow(
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const path = '/sdapi/v1/progress?skip_current_image=true'
  const answer = await transport.get(path, { optional: true, signal })
  if (answer === undefined) return undefined
  const { state, progress } = fieldsOf(answer) as {
    state?: Readonly<Record<string, unknown>>
    progress?: unknown
  }
  const { job = '', job_count: count = 0, job_no: at, sampling_step: step } = state ?? {}
  return count === 0 && job === '' ? undefined : JSON.stringify([job, count, at, step, progress])
}

function fieldsOf({ body }: JsonAnswer): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null
    ? (body as Readonly<Record<string, unknown>>)
    : {}
}
