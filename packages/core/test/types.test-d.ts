// Checked by tsc: each expectation is a line that must, or must not, compile.
import {
  type Backend,
  createPipeline,
  defineStage,
  Hires,
  operation,
  Phase,
  provide,
  type RunConfigInput,
  slot,
  type Stage,
  token,
  Txt2Img,
} from '@stagewright/core'
import { z } from 'zod'

import { draw, enlarge, redraw } from './stages.js'

declare const backend: Backend

const pipeline = createPipeline({
  backend,
  stages: [draw, redraw, enlarge, redraw.as('restyle')],
  placement: { restyle: { after: ['redraw'] } },
})

// A config is inferred from the stages given: shared fields, sections, reserved keys.
void pipeline.run({
  prompt: 'a lighthouse',
  seed: 7,
  preset: 'xl',
  draw: { steps: 30 },
  enlarge: { on: true, scale: 1.5 },
  restyle: { strength: 0.3, enabled: false },
  redraw: null,
  placement: { enlarge: { after: ['draw'] } },
  metadata: { shoot: 3 },
})
// @ts-expect-error a section of a stage that was not given
void pipeline.run({ prompt: 'x', draw: {}, upscale: { upscaling_resize: 2 } })
// @ts-expect-error a wrong type inside a section
void pipeline.run({ prompt: 'x', draw: { steps: 'many' } })
// @ts-expect-error a wrong type of a shared field
void pipeline.run({ prompt: 'x', steps: 'many', draw: {} })
// @ts-expect-error a key that no section has
void pipeline.run({ prompt: 'x', draw: { heigth: 512 } })
// @ts-expect-error a preset that does not exist
void pipeline.run({ prompt: 'x', draw: {}, preset: 'sdxl' })
// @ts-expect-error a placement of a stage that was not given
createPipeline({ backend, stages: [draw], placement: { upscale: {} } })

const units = defineStage({
  name: 'acme_units',
  phase: Phase.Prepare,
  consumes: 'nothing',
  config: z.object({
    units: z.array(z.object({ module: z.string(), weight: z.number().default(1) })).min(1),
  }),
  plan: (config) => ({
    notes: config.units.map(({ weight }) => ({ code: 'SW_NOTE_X', message: weight.toFixed(1) })),
  }),
})
const withUnits = createPipeline({ backend, stages: [draw, units] })
void withUnits.run({ prompt: 'x', draw: {}, acme_units: { units: [{ module: 'canny' }] } })
// @ts-expect-error what a section requires stays required
void withUnits.run({ prompt: 'x', draw: {}, acme_units: {} })
// @ts-expect-error a wrong type inside a third party's section
void withUnits.run({ prompt: 'x', draw: {}, acme_units: { units: [{ module: 1 }] } })

// With stages that are not a tuple the config is a record, checked at run time.
const anyStages: readonly Stage[] = [draw]
const loose = createPipeline({ backend, stages: anyStages })
void loose.run({ anything: { goes: true } })
const record: RunConfigInput<readonly Stage[]> = { whatever: 1 }
void record

// Declarations stay free of the schema library: the section's plain input type is what a stage shows.
const plainInput: Stage<
  'enlarge',
  { on?: boolean | undefined; scale?: number | undefined; second?: string | undefined }
> = enlarge
void plainInput

// Services are typed by their tokens.
const Clock = token<{ now(): number }>('Clock')
provide(Clock, () => ({ now: () => 1 }))
// @ts-expect-error a service of another type
provide(Clock, () => ({ later: () => 1 }))
defineStage({
  name: 'acme_clock',
  phase: Phase.Upscale,
  consumes: 'images',
  inject: { clock: Clock },
  config: z.object({ factor: z.number().default(2) }),
  plan: () => ({}),
  execute: ({ services, config }, images) => {
    services.clock.now().toFixed(config.factor)
    // @ts-expect-error a service that was not asked for
    void services.other
    return Promise.resolve(images)
  },
})
defineStage({
  name: 'acme_inherits',
  phase: Phase.Upscale,
  consumes: 'images',
  config: z.object({ steps: z.number().default(2) }),
  // @ts-expect-error a key that the section does not have
  inherits: ['stpes'],
  plan: () => ({}),
})

// Slots and operations carry the types of their values and requests.
const Units = slot<readonly { weight: number }[]>('acme_units', [Txt2Img], (a, b) => [...a, ...b])
const weight: number | undefined = Units.from([Units.with([{ weight: 1 }])])?.[0]?.weight
void weight
// @ts-expect-error a value of another type
Units.with([{ weight: 'heavy' }])
const scale: number | undefined = Hires.from([])?.hr_scale
void scale
const Cut = operation<{ image: unknown; strength: number }>('acme_cut')
defineStage({
  name: 'acme_cut',
  phase: Phase.Upscale,
  consumes: 'images',
  config: z.object({}),
  plan: () => ({ call: { operation: Cut, times: 1 } }),
  execute: ({ call, each }, images) =>
    each(images, (image) =>
      // @ts-expect-error a request without one of its fields
      call(Cut, { image }),
    ),
})
