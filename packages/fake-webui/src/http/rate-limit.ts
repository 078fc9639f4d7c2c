import type { Clock } from '../jobs/clock.js'
import { HttpError } from './errors.js'

/** SD.Next's limiter: so many points a minute for each path, five for a generation. It is asked after the work is done,
 *  so that a refusal can take the place of a finished picture. */
export class RateLimit {
  readonly #spent = new Map<string, { at: number; points: number }[]>()

  constructor(
    private readonly points: number,
    private readonly clock: Clock,
  ) {}

  /** @throws {HttpError} 429 */
  spend(path: string): void {
    const now = this.clock.now()
    const recent = (this.#spent.get(path) ?? []).filter(({ at }) => now - at < 60_000)
    recent.push({ at: now, points: /\/(txt2img|img2img|control)$/u.test(path) ? 5 : 1 })
    this.#spent.set(path, recent)
    const sum = recent.reduce((all, one) => all + one.points, 0)
    if (sum > this.points) throw new HttpError(429, `${path}: rate limit exceeded`)
  }
}
