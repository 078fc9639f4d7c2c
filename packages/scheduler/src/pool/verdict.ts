import { isPipelineError } from '@stagewright/core'

/** Who is to blame for an error.
 *  - `server`: it is gone, hangs, or talks nonsense: it gets no job until it answers again, and the job moves.
 *  - `either`: it failed at this job, and may do others: another server is asked; several in a row, and it is the server.
 *  - `elsewhere`: it cannot do this, and says so: another server is asked.
 *  - `job`: it would fail anywhere. */
export type Verdict = 'server' | 'either' | 'elsewhere' | 'job'

export function verdictOn(error: unknown): Verdict {
  if (!isPipelineError(error)) return 'job'
  if (serverCodes.has(error.code)) return 'server'
  if (elsewhereCodes.has(error.code)) return 'elsewhere'
  return eitherCodes.has(error.code) ? 'either' : 'job'
}

/** Whether the server failed while it was at the job, as opposed to having been gone before it came. */
export function wasAtIt(error: unknown): boolean {
  for (let one: unknown = error; isPipelineError(one); one = one.cause) {
    if (absentCodes.has(one.code)) return false
    if (one.code !== 'SW_BACKEND_LOST') return true
  }
  return true
}

/** It answers, and does not let the call in: a proxy that lets reads pass, an address that moved. */
export function isTurnedAway(error: unknown): boolean {
  return isPipelineError(error) && turnedAwayCodes.has(error.code)
}

/** The generation may still run there. */
export function mayStillRun(error: unknown): boolean {
  return isPipelineError(error) && lingering.has(error.code)
}

const turnedAwayCodes: ReadonlySet<string> = new Set([
  'SW_WEBUI_UNAUTHORIZED',
  'SW_WEBUI_FORBIDDEN',
  'SW_WEBUI_NOT_FOUND',
  'SW_WEBUI_METHOD',
  'SW_WEBUI_REDIRECTED',
])

const absentCodes: ReadonlySet<string> = new Set([
  'SW_WEBUI_UNREACHABLE',
  'SW_WEBUI_HOST_UNKNOWN',
  'SW_WEBUI_TLS',
  ...turnedAwayCodes,
  'SW_WEBUI_RATE_LIMITED',
])

const lingering: ReadonlySet<string> = new Set([
  'SW_BACKEND_LOST',
  'SW_WEBUI_BROKEN',
  'SW_WEBUI_GATEWAY',
  'SW_WEBUI_NO_ANSWER',
  'SW_WEBUI_OUTCOME_UNKNOWN',
  'SW_WEBUI_STALLED',
  'SW_WEBUI_TIMED_OUT',
])

const serverCodes: ReadonlySet<string> = new Set([
  ...absentCodes,
  ...lingering,
  'SW_WEBUI_RATE_LIMITED_AFTER_WORK',
  'SW_WEBUI_RESULT_LOST',
  'SW_WEBUI_TRUNCATED',
  'SW_WEBUI_EMPTY_ANSWER',
  'SW_WEBUI_HTML',
])

const eitherCodes: ReadonlySet<string> = new Set([
  'SW_WEBUI_SERVER_FAILED',
  'SW_WEBUI_STATUS',
  'SW_WEBUI_NO_PICTURES',
  'SW_WEBUI_BAD_ANSWER',
])

const elsewhereCodes: ReadonlySet<string> = new Set([
  'SW_BACKEND_UNSUPPORTED',
  'SW_PREFLIGHT_UNKNOWN_NAME',
  'SW_WEBUI_MODEL_NOT_FOUND',
  'SW_WEBUI_SAMPLER_NOT_FOUND',
  'SW_WEBUI_UPSCALER_NOT_FOUND',
  'SW_WEBUI_LORA_NOT_FOUND',
  'SW_WEBUI_SCRIPT_REFUSED',
])
