import { isPipelineError } from '@stagewright/core/errors'

import { parsed } from './answer-errors.js'
import type { Link } from './link.js'
import { type LivePreview, previewIn } from './live-preview.js'
import { once, type Raw } from './reads.js'

export type ProgressSource = 'task' | 'global' | 'none'

/** What a progress route said. */
export interface Reading {
  /** `gone`: the server knows of no such task, running, waiting or finished. */
  readonly state: 'running' | 'queued' | 'finished' | 'gone'
  /** 0–1. */
  readonly fraction: number
  /** Whether the model has begun to sample. */
  readonly stepping: boolean
  /** Changes with every sign of progress; estimates of time are not in it, for they run on by themselves. */
  readonly sign: string
  readonly preview?: LivePreview | undefined
}

/** `unavailable`: the server has not this route. `unreadable`: it lives, but did not say (429, 500).
 *  `silent`: no answer. `refused`: nothing listens. */
export type Polled = Reading | 'unavailable' | 'unreadable' | 'silent' | 'refused'

const pollLimit = 10_000
const noRoute: ReadonlySet<number> = new Set([401, 403, 404, 405])

/** Asks once how a generation is doing. Never throws. With `shown`, the number of the live preview that was seen last
 *  (-1: none), a newer one of the task comes along. */
export async function poll(
  link: Link,
  source: Exclude<ProgressSource, 'none'>,
  taskId: string,
  shown?: number,
): Promise<Polled> {
  try {
    return source === 'task'
      ? await understood(await once(link, taskRoute(taskId, shown), undefined, pollLimit), readTask)
      : await understood(await once(link, globalRoute, undefined, pollLimit), readGlobal)
  } catch (error) {
    return isPipelineError(error) && error.code === 'SW_WEBUI_UNREACHABLE' ? 'refused' : 'silent'
  }
}

const globalRoute = {
  method: 'GET',
  path: '/sdapi/v1/progress?skip_current_image=true',
} as const

function taskRoute(taskId: string, shown: number | undefined) {
  return {
    method: 'POST',
    path: '/internal/progress',
    body: {
      id_task: taskId,
      id_live_preview: shown ?? -1,
      live_preview: shown !== undefined,
    },
  } as const
}

async function understood(
  { head, text }: Raw,
  how: (body: Fields) => Reading | Promise<Reading>,
): Promise<Polled> {
  if (noRoute.has(head.status)) return 'unavailable'
  if (head.status !== 200) return 'unreadable'
  const body = parsed(text)
  return typeof body === 'object' && body !== null ? how(body as Fields) : 'unreadable'
}

type Fields = Readonly<Record<string, unknown>>

/** `{active, queued, completed, progress?, textinfo}` of one task (webui-api §8). */
async function readTask(body: Fields): Promise<Reading> {
  const fraction = share(body['progress'])
  const state =
    body['completed'] === true
      ? 'finished'
      : body['active'] === true
        ? 'running'
        : body['queued'] === true
          ? 'queued'
          : 'gone'
  return {
    state,
    fraction: state === 'finished' ? 1 : fraction,
    stepping: fraction > 0,
    sign: JSON.stringify([state, fraction, body['textinfo'] ?? '']),
    preview: state === 'running' ? await previewIn(body) : undefined,
  }
}

/** The one job that the server runs now, whoever's it is. Idle: no job, no count and no step, for SD.Next has no count
 *  between the parts of a job; or no progress, for a job that failed leaves its step on the others.
 *  @source A1111 modules/shared_state.py: State.end, modules/api/api.py: progressapi; vladmandic/sdnext
 *  modules/api/server.py: get_progress */
function readGlobal(body: Fields): Reading {
  const state = (body['state'] ?? {}) as Fields
  const [job, count, at, step] = ['job', 'job_count', 'job_no', 'sampling_step'].map(
    (key) => state[key] ?? 0,
  )
  const fraction = share(body['progress'])
  const idle = (job === '' || job === 0) && count === 0 && (step === 0 || fraction === 0)
  return {
    state: idle ? 'gone' : 'running',
    fraction,
    stepping: number(step) > 0 || number(at) > 0,
    sign: JSON.stringify([job, count, at, step, fraction, body['textinfo'] ?? '']),
  }
}

function share(value: unknown): number {
  return Math.min(1, Math.max(0, number(value)))
}

function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
