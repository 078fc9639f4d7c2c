import type { ServerResponse } from 'node:http'

import { httpTransport } from '../src/http/http-transport.js'
import type { GenerateOptions } from '../src/transport.js'
import { call, picture, txt2imgAnswer } from './generate-call.js'
import { ManualClock } from './manual-clock.js'
import { answer, type Route, wireServer } from './wire-server.js'

export const path = '/sdapi/v1/txt2img'
export const task = '/internal/progress'
export const global = '/sdapi/v1/progress'
export const interruptPath = '/sdapi/v1/interrupt'

export const idle = {
  progress: 0,
  state: { job: '', job_count: 0, job_no: 0, sampling_step: 0 },
}

/** A generation that has reached the server and waits there until `finish()`; the clock stands. */
export async function watched({
  routes = {},
  options = {},
}: {
  readonly routes?: Readonly<Record<string, Route>>
  readonly options?: Partial<GenerateOptions>
} = {}) {
  const clock = new ManualClock()
  const stop = new AbortController()
  const responses: ServerResponse[] = []
  const told: number[] = []
  const loading: boolean[] = []
  const server = await wireServer({
    [path]: (_, response) => {
      responses.push(response)
    },
    [task]: (_, response) => {
      if (scene.says === 'hang') return
      if (typeof scene.says === 'number') answer(response, scene.says, { detail: 'x' })
      else answer(response, 200, scene.says)
    },
    [interruptPath]: (_, response) => answer(response, 200, {}),
    [global]: (_, response) => answer(response, 200, idle),
    ...routes,
  })
  const client = httpTransport({ baseUrl: server.url, clock })
  const pending = client.generate(
    path,
    {},
    call({
      signal: stop.signal,
      progress: 'task',
      taskId: 'task-1',
      onProgress: (fraction, detail) => {
        told.push(fraction)
        loading.push(detail.loading === true)
      },
      ...options,
    }),
  )
  pending.catch(() => {})
  const scene = {
    server,
    client,
    clock,
    stop,
    pending,
    told,
    loading,
    /** What the task's route answers: a body, a status, or nothing. */
    says: {} as unknown,
    finish: () => answer(responses.at(-1) as ServerResponse, 200, txt2imgAnswer(picture)),
    /** Lets one poll happen and be understood. */
    async poll(says: unknown) {
      scene.says = says
      await clock.nextPause()
    },
    /** Lets polls happen until something has come about. */
    async pollUntil<T>(says: unknown, event: Promise<T>): Promise<T> {
      scene.says = says
      const over = new AbortController()
      const end = () => over.abort()
      event.then(end, end)
      while (!over.signal.aborted) await clock.nextPause(() => over.signal.aborted)
      return event
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
  await server.nth(path, 1)
  return scene
}
