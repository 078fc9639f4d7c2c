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
}

/** Waits until the server is at no post of the call any more; where it cannot be asked about one task, until it is at
 *  nothing. `unknown`: it has no route that tells.
 *  @throws {PipelineError} SW_WEBUI_… when it does not answer; the signal's reason
 *  @source reference §8, /internal/progress and /sdapi/v1/progress */
export async function settleCall(
  transport: Transport,
  dialect: Dialect,
  callId: string,
  { signal, interval }: Waiting,
): Promise<'over' | 'unknown'> {
  if (dialect.progress === 'none') return 'unknown'
  for (let post = 0; ;) {
    signal?.throwIfAborted()
    const task =
      dialect.progress === 'task'
        ? await taskState(transport, taskIdOf(callId, post), signal)
        : 'waiting'
    if (task === 'finished') post += 1
    else if (task === 'gone' || (await isIdle(transport, signal)) !== false) return 'over'
    else await pause(systemClock, interval, signal)
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

/** Whether the server is at nothing: a task that failed stays active there until another starts. Undefined where it does
 *  not tell. */
async function isIdle(
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  const path = '/sdapi/v1/progress?skip_current_image=true'
  const answer = await transport.get(path, { optional: true, signal })
  if (answer === undefined) return undefined
  const { state } = fieldsOf(answer) as { state?: Readonly<Record<string, unknown>> }
  return (state?.['job_count'] ?? 0) === 0 && (state?.['job'] ?? '') === ''
}

function fieldsOf({ body }: JsonAnswer): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null
    ? (body as Readonly<Record<string, unknown>>)
    : {}
}
