import type { Observer, PipelinePlan } from '@stagewright/core'
import type { Estimate } from '@stagewright/run-store'

/** How much time a run has left, by what each of its stages took before. Never grows. */
export class TimeLeft {
  readonly #ask: (plan: PipelinePlan) => Promise<Estimate | undefined>
  /** Milliseconds of each stage that is not over, by name. */
  #stages = new Map<string, number>()
  #least = Infinity

  constructor(ask: (plan: PipelinePlan) => Promise<Estimate | undefined>) {
    this.#ask = ask
  }

  /** Asked beside the run: it waits for no answer. Nothing is told while a stage is not known. */
  readonly observer: Observer = (event) => {
    if (event.type === 'run-started') void this.#learn(event.plan)
    if (event.type === 'stage-finished') this.#stages.delete(event.stage)
  }

  /** Milliseconds left when the stage is so far; undefined where nothing is known. */
  at(stage: string, fraction: number): number | undefined {
    const own = this.#stages.get(stage)
    if (own === undefined) return undefined
    const all = [...this.#stages.values()].reduce((sum, ms) => sum + ms, 0)
    this.#least = Math.min(this.#least, all - own * fraction)
    return this.#least
  }

  async #learn(plan: PipelinePlan): Promise<void> {
    const estimate = await this.#ask(plan)
    if (estimate === undefined || estimate.missing.length > 0) return
    this.#stages = new Map(estimate.stages.map(({ name, ms }) => [name, ms]))
  }
}
