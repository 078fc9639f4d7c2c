import {
  type CallContext,
  type CallResult,
  imagesIn,
  type Interceptor,
  type StageImage,
} from '@stagewright/core'

/** One picture through one call: what it was made from, and what came out. */
export interface Step {
  readonly stage: string
  readonly label: string | undefined
  /** Digest of the picture it was made from; undefined for one made from nothing. */
  readonly from: string | undefined
  readonly image: StageImage
  readonly unchanged: boolean | 'unknown'
  /** As the backend says, where it cannot tell what an unchanged picture means. */
  readonly unchangedMeans?: string | undefined
}

/** Keeps every step of every picture while a run goes on: the contact sheet shows them. */
export class CallLog {
  readonly steps: Step[] = []

  readonly interceptor: Interceptor = {
    call: async (_operation, request, ctx, next) => {
      const result = await next()
      this.#keep(request, ctx, result)
      return result
    },
    stage: async (plan, images, next) => {
      const before = this.steps.length
      const made = await next()
      // A stage that altered pictures without a call: in order, one for one.
      if (this.steps.length === before && made.length === images.length)
        for (const [i, image] of made.entries())
          this.steps.push({
            stage: plan.name,
            label: undefined,
            from: images[i]?.digest,
            image,
            unchanged: image === images[i],
          })
      return made
    },
  }

  #keep(request: unknown, { stage, label }: CallContext, result: CallResult): void {
    const inputs = imagesIn(request)
    for (const [i, image] of result.images.entries()) {
      const source = inputs.length > 1 ? inputs[i] : inputs[0]
      const { unchanged = false, unchangedMeans } = result
      this.steps.push({ stage, label, from: source?.digest, image, unchanged, unchangedMeans })
    }
  }
}
