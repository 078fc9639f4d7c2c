import {
  defineStage,
  Hires,
  Img2Img,
  Phase,
  type PhaseRef,
  Refiner,
  type Stage,
  type StageDefinition,
  Txt2Img,
} from '@stagewright/core'
import { samplingFields, samplingOf, seedAt } from '@stagewright/core/sampling'
import { z } from 'zod'

const sampling = {
  ...samplingFields,
  width: z.int().min(64).default(512),
  height: z.int().min(64).default(512),
  seed: z.int().default(-1),
  subseed: z.int().default(0),
}
const shared = [
  'prompt',
  'steps',
  'seed',
  'width',
  'height',
  'model',
  'batch_size',
  'n_iter',
] as const

/** Small stages that stand for the real ones, which are packages above core. */
export const draw = defineStage({
  name: 'draw',
  phase: Phase.Generate,
  consumes: 'nothing',
  generates: true,
  config: z.object(sampling),
  inherits: shared,
  plan: (c) => ({
    call: { operation: Txt2Img, times: c.n_iter },
    models: c.model === undefined ? [] : [c.model],
    output: Array.from({ length: c.n_iter * c.batch_size }, (_, i) => ({
      width: c.width,
      height: c.height,
      settings: { ...samplingOf(c), ...seedAt(c, i) },
    })),
    needs: c.model === undefined ? [] : [{ kind: 'model', name: c.model, path: 'model' }],
  }),
  execute: ({ config: c, call, rounds }) =>
    rounds(c.n_iter, (round) =>
      call(Txt2Img, {
        ...samplingOf(c),
        ...seedAt(c, round * c.batch_size),
        batch_size: c.batch_size,
      }),
    ),
})

export const redraw = defineStage({
  name: 'redraw',
  phase: Phase.Transform,
  consumes: 'maybe',
  generates: true,
  config: z.object({
    ...sampling,
    seed: z.int().optional(),
    init: z.string().optional(),
    strength: z.number().min(0).max(1).default(0.5),
  }),
  inherits: shared,
  inheritsWhenFirst: ['seed', 'width', 'height', 'n_iter'],
  pictures: (c) =>
    c.init === undefined ? [] : [{ reference: c.init, path: 'init', use: 'picture' }],
  plan: (c, { input, pictures }) => {
    const from = input.length > 0 || c.init === undefined ? input : pictures(c.init)
    return { call: { operation: Img2Img, times: from.length }, output: from }
  },
  execute: ({ config: c, call, each, pictures }, images) =>
    each(images.length > 0 || c.init === undefined ? images : pictures(c.init), (image) =>
      call(Img2Img, {
        ...samplingOf({ ...c, seed: image.seed + 1, width: image.width, height: image.height }),
        images: [image],
        batch_size: 1,
        denoising_strength: c.strength,
        resize_mode: 0,
        img2img_fix_steps: false,
      }),
    ),
})

/** Merges into the call before it when that carries hires. */
export const enlarge = defineStage({
  name: 'enlarge',
  phase: Phase.Refine,
  consumes: 'images',
  config: z.object({
    on: z.boolean().default(false),
    scale: z.number().gt(0).max(8).default(2),
    second: z.string().optional(),
  }),
  enabled: (c) => c.on,
  plan: (c, { input, previous }) => ({
    contribute: {
      previous: [
        Hires.with({
          hr_scale: c.scale,
          hr_resize_x: 0,
          hr_resize_y: 0,
          hr_upscaler: 'Latent',
          hr_second_pass_steps: 0,
          denoising_strength: 0.7,
        }),
        ...(c.second === undefined
          ? []
          : [
              Refiner.with({
                refiner_checkpoint: c.second,
                refiner_switch_at: 0.5,
                refiner_switch_by: 'steps',
                refiner_pass: 'second',
              }),
            ]),
      ],
    },
    output: input.map((one) => ({
      ...one,
      width: one.width * c.scale,
      height: one.height * c.scale,
    })),
    why: `with ${previous?.stage ?? 'nothing'}`,
  }),
})

type Parts = Omit<Partial<StageDefinition>, 'name'>

/** A stage without fields, for tests of order and laws. */
export function plain(name: string, phase: PhaseRef, parts: Parts = {}): Stage {
  return defineStage({
    name,
    phase,
    consumes: 'images',
    config: z.object({}),
    plan: () => ({}),
    execute: (_ctx, images) => Promise.resolve(images),
    ...parts,
  }) as Stage
}
