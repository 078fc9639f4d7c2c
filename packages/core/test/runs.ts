import { Upscale, Phase, isPipelineError, type PipelineError } from '@stagewright/core'

import { draw, enlarge, plain, redraw } from './stages.js'

/** Doubles each picture. */
const grow = plain('grow', Phase.Upscale, {
  plan: (_c: unknown, { input }: { input: readonly unknown[] }) => ({
    call: { operation: Upscale, times: input.length },
  }),
  execute: (ctx, images) =>
    ctx.each(images, (image) => ctx.call(Upscale, { image, upscaling_resize: 2 } as never)),
})
export const stages = [draw, redraw, enlarge, grow] as const
/** Three pictures, a call each. */
export const three = { prompt: 'x', seed: 5, width: 64, height: 64, n_iter: 3, draw: {} }

/** What a run fails with. */
export async function failure(run: Promise<unknown>): Promise<PipelineError> {
  try {
    await run
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
  throw new Error('the run did not fail')
}
