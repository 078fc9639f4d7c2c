/** What can be made to go wrong. `before` the work, `during` it (it has begun, and goes on), or `after` it (the work is
 *  done, the reply is lost). */
export interface Fault {
  /** - `delay`: waits `seconds`
   *  - `stall`: waits until it is released (`faults.release()`), the job is interrupted, or the server closes
   *  - `drop`: ends the connection without a reply; `reset`: the same with a TCP reset
   *  - `truncate`: sends `bytes` of the body (default: half) and ends the connection
   *  - `slow`: sends the body in pieces over `seconds`
   *  - `html`: a proxy's page in place of the reply, with `status` (default 502)
   *  - `answer`: `status` and `body` in place of the reply
   *  - `oom`, `nan`: the work fails as that server fails
   *  - `nothing`: detectors find nothing; `detector_error`: the detector raises, which the servers swallow
   *  - `model_missing`: the checkpoint is gone from the disk
   *  - `crash`: the process dies, and starts again after `seconds`, if given */
  readonly kind: FaultKind
  readonly at?: 'before' | 'during' | 'after' | undefined
  readonly match?: FaultMatch | undefined
  /** How many matching requests pass unharmed first. Default 0. */
  readonly skip?: number | undefined
  /** How many requests it hits. Default 1; `Infinity` for all. */
  readonly times?: number | undefined
  /** For `during`: the sampling step that it waits for. Default 1. */
  readonly step?: number | undefined
  readonly seconds?: number | undefined
  readonly status?: number | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly bytes?: number | undefined
}

export const faultKinds = [
  'delay',
  'stall',
  'drop',
  'reset',
  'truncate',
  'slow',
  'html',
  'answer',
  'oom',
  'nan',
  'nothing',
  'detector_error',
  'model_missing',
  'crash',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** Which requests a fault hits: all that is given must fit. */
export interface FaultMatch {
  readonly method?: string | undefined
  /** The whole path, or its beginning followed by `*`. Default: the routes that generate or alter pictures. */
  readonly path?: string | undefined
  /** What the request is about, read from its fields. */
  readonly stage?: Stage | undefined
  /** Fields that the JSON body must hold. */
  readonly body?: Readonly<Record<string, unknown>> | undefined
  /** From JavaScript only. */
  readonly when?: ((request: MatchedRequest) => boolean) | undefined
}

export const stages = ['txt2img', 'img2img', 'hires', 'refiner', 'upscale', 'adetailer'] as const
export type Stage = (typeof stages)[number]

export interface MatchedRequest {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** A fault on its way through one request. */
export interface ActiveFault {
  readonly fault: Fault
  released: boolean
}

export class Faults {
  readonly #entries: { fault: Fault; seen: number; hit: number }[] = []
  readonly #active = new Set<ActiveFault>()
  readonly #changed: () => void

  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Adds a fault; earlier ones come first. */
  add(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#entries.push({ fault, seen: 0, hit: 0 })
  }

  list(): readonly { readonly fault: Fault; readonly hit: number }[] {
    return this.#entries.map(({ fault, hit }) => ({ fault, hit }))
  }

  clear(): void {
    this.#entries.length = 0
    this.release()
  }

  /** Lets all that stalls go on. */
  release(): void {
    for (const active of this.#active) active.released = true
    this.#changed()
  }

  /** The faults that hit this request; counted as used. */
  take(request: MatchedRequest): ActiveFault[] {
    const taken: ActiveFault[] = []
    for (const entry of this.#entries) {
      const { fault } = entry
      if (!matches(fault.match ?? {}, request)) continue
      entry.seen++
      if (entry.seen <= (fault.skip ?? 0) || entry.hit >= (fault.times ?? 1)) continue
      entry.hit++
      const active = { fault, released: false }
      taken.push(active)
      this.#active.add(active)
    }
    return taken
  }

  done(active: readonly ActiveFault[]): void {
    for (const one of active) this.#active.delete(one)
  }
}

const working =
  /^\/(sdapi\/v1\/(txt2img|img2img|extra-single-image|extra-batch-images|detail)|sdcpp\/v1\/img_gen)$/u

function matches(match: FaultMatch, request: MatchedRequest): boolean {
  const { method, path, body } = request
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false
  if (
    match.path === undefined
      ? !working.test(path) && match.when === undefined
      : !fits(match.path, path)
  )
    return false
  if (match.stage !== undefined && !stagesOf(request).includes(match.stage)) return false
  if (match.body !== undefined && !contains(body, match.body)) return false
  return match.when?.(request) ?? true
}

function fits(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern
}

/** What a request is about. */
export function stagesOf({ path, body }: MatchedRequest): Stage[] {
  const fields = isRecord(body) ? body : {}
  const found: Stage[] = []
  const name = path.split('/').at(-1)!
  if (name === 'extra-single-image' || name === 'extra-batch-images') found.push('upscale')
  if (typeof fields['script_name'] === 'string' && /upscale/iu.test(fields['script_name']))
    found.push('upscale')
  if (name === 'txt2img') found.push('txt2img')
  if (name === 'img2img') found.push('img2img')
  if (name === 'img_gen')
    found.push(typeof fields['init_image'] === 'string' ? 'img2img' : 'txt2img')
  const hires = fields['hires']
  if (fields['enable_hr'] === true || (isRecord(hires) && hires['enabled'] === true))
    found.push('hires')
  if (typeof fields['refiner_checkpoint'] === 'string' && fields['refiner_checkpoint'] !== '')
    found.push('refiner')
  if (name === 'detail' || fields['detailer_enabled'] === true || adetailerOn(fields))
    found.push('adetailer')
  return found
}

function adetailerOn(fields: Readonly<Record<string, unknown>>): boolean {
  const scripts = fields['alwayson_scripts']
  if (!isRecord(scripts)) return false
  const entry = Object.entries(scripts).find(([title]) => title.toLowerCase() === 'adetailer')?.[1]
  const args = isRecord(entry) ? entry['args'] : undefined
  return Array.isArray(args) && args.length > 0 && args[0] !== false
}

function contains(value: unknown, part: unknown): boolean {
  if (isRecord(part) && isRecord(value))
    return Object.entries(part).every(([key, one]) => contains(value[key], one))
  return JSON.stringify(value) === JSON.stringify(part)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
