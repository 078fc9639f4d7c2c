import { errors } from '../errors.js'
import type { CliHost } from '../host.js'

/** Where the WebUIs (7860, and the next ones when it is taken) and sd-server (1234) listen. */
export const usualPorts: readonly number[] = [7860, 7861, 7862, 7863, 1234]

/** What a port of this machine answers as. */
export type Answer = 'server' | 'locked' | 'api-off' | 'other' | 'nothing'

const patience = 3000

/** The first of the usual ports on this machine that a Stable Diffusion server answers on.
 *  @throws {PipelineError} SW_CLI_NO_SERVER, SW_CLI_API_OFF */
export async function findServer({ ports = usualPorts, signal }: CliHost): Promise<string> {
  const seen = await Promise.all(
    ports.map(async (port) => {
      const url = `http://127.0.0.1:${port}`
      return { url, answer: await askServer(url, signal) }
    }),
  )
  signal?.throwIfAborted()
  const found = seen.find(({ answer }) => answer === 'server' || answer === 'locked')
  if (found !== undefined) return found.url
  const off = seen.filter(({ answer }) => answer === 'api-off').map(({ url }) => url)
  throw off.length > 0 ? errors.SW_CLI_API_OFF({ urls: off }) : errors.SW_CLI_NO_SERVER({ ports })
}

/** One cheap read that every dialect answers with a list of named samplers. No credentials are sent: whatever listens
 *  on a port of this machine is not known yet. */
export async function askServer(url: string, signal?: AbortSignal): Promise<Answer> {
  const limits = [AbortSignal.timeout(patience), ...(signal === undefined ? [] : [signal])]
  try {
    const answer = await fetch(`${url}/sdapi/v1/samplers`, {
      signal: AbortSignal.any(limits),
      redirect: 'error',
      headers: { accept: 'application/json' },
    })
    const body = await jsonOf(answer)
    if (answer.status === 200) return namesSamplers(body) ? 'server' : 'other'
    const detail = isRecord(body) ? body['detail'] : undefined
    if (answer.status === 401) return detail === undefined ? 'other' : 'locked'
    return answer.status === 404 && detail === 'Not Found' ? 'api-off' : 'other'
  } catch {
    return 'nothing'
  }
}

async function jsonOf(answer: Response): Promise<unknown> {
  const text = await answer.text()
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function namesSamplers(body: unknown): boolean {
  return (
    Array.isArray(body) &&
    body.length > 0 &&
    body.every((one: unknown) => isRecord(one) && typeof one['name'] === 'string')
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
