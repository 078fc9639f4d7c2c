import type { Need } from '../contract/backend.js'
import type { Passthrough, Sampling } from '../contract/sampling.js'
import type { PlanNote } from '../errors/define-notes.js'
import { notes } from '../errors/notes.js'
import { inMegapixels } from '../plan/size-limits.js'
import { passthroughFields } from './fields.js'
import { loraNeeds, promptNotes } from './prompts.js'
import { splitSampler } from './schedulers.js'
import { samplingNeeds, set } from './settings.js'

type Generating = Omit<Sampling, 'width' | 'height' | 'seed' | 'subseed'> & Passthrough

/** What both generating stages need of a backend: names in sampling fields, LoRAs in the prompts, scripts, options. */
export function generatingNeeds(config: Generating): Need[] {
  const scripts = Object.entries(config.alwayson_scripts ?? {})
  const options = Object.keys(config.override_settings ?? {})
  return [
    ...samplingNeeds(config),
    ...loraNeeds(config.prompt, 'prompt'),
    ...loraNeeds(config.negative_prompt, 'negative_prompt'),
    ...scripts.map(([name, given]) => ({
      kind: 'script',
      name,
      path: `alwayson_scripts.${name}`,
      ...counted(given),
    })),
    ...(config.script_name === undefined
      ? []
      : [
          {
            kind: 'script',
            name: config.script_name,
            path: 'script_name',
            count: config.script_args?.length ?? 0,
          },
        ]),
    ...options.map((name) => ({ kind: 'option', name, path: `override_settings.${name}` })),
  ]
}

/** How many arguments an always-on script is given, in the form of the API: `{ args: […] }`. */
function counted(given: unknown): { readonly count?: number } {
  const args = typeof given === 'object' && given !== null && 'args' in given ? given.args : []
  return Array.isArray(args) ? { count: args.length } : {}
}

/** Notes that hold for any generating call: odd sizes, heavy calls, unresolved prompt syntax, an unused negative. */
export function generatingNotes(
  config: Generating & {
    readonly width?: number | undefined
    readonly height?: number | undefined
  },
  call: {
    /** Real size, on the grid. */
    readonly width: number
    readonly height: number
    readonly batch: number
    readonly multiple: number
  },
): PlanNote[] {
  const { width: realWidth, height: realHeight, multiple, batch } = call
  const { width = realWidth, height = realHeight } = config
  const pixels = realWidth * realHeight * batch
  return [
    ...(width === realWidth && height === realHeight
      ? []
      : [notes.SW_NOTE_SIZE_ROUNDED({ width, height, realWidth, realHeight, multiple })]),
    ...heavyCallNotes(pixels),
    ...(config.cfg_scale === 1 && config.negative_prompt !== ''
      ? [notes.SW_NOTE_NEGATIVE_UNUSED({ negative_prompt: config.negative_prompt })]
      : []),
    ...promptNotes(config.prompt, 'prompt'),
    ...promptNotes(config.negative_prompt, 'negative_prompt'),
  ]
}

/** A note for a diffusion call over 4.2 MP, all pictures of the batch counted. */
export function heavyCallNotes(pixels: number): PlanNote[] {
  return pixels > 4.2e6 ? [notes.SW_NOTE_LARGE_CALL({ megapixels: inMegapixels(pixels) })] : []
}

/** A generating config with its sampler name settled: in a combined name the scheduler is part of it. */
export function settleSampler<C extends Pick<Sampling, 'sampler_name' | 'scheduler'>>(
  config: C,
): { readonly config: C; readonly notes: readonly PlanNote[] } {
  const { notes: split, ...names } = settleNames(config.sampler_name, undefined)
  return { config: { ...config, ...set(names) }, notes: split }
}

/** Splits a combined sampler name ("DPM++ 2M Karras") into sampler and scheduler, with a note; a scheduler that is set
 *  by hand stays. */
export function settleNames(
  name: string | undefined,
  scheduler: string | undefined,
): {
  readonly sampler_name: string | undefined
  readonly scheduler: string | undefined
  readonly notes: readonly PlanNote[]
} {
  const split = name === undefined ? undefined : splitSampler(name)
  if (name === undefined || split === undefined) return { sampler_name: name, scheduler, notes: [] }
  const settled = { ...split, ...set({ scheduler }) }
  return { ...settled, notes: [notes.SW_NOTE_SAMPLER_SPLIT({ name, ...settled })] }
}

const passthroughKeys = [
  'override_settings',
  ...Object.keys(passthroughFields),
] as (keyof Passthrough)[]

/** The fields that a generating request hands on as they are. */
export function passthroughOf(config: Passthrough): Passthrough {
  return set(Object.fromEntries(passthroughKeys.map((key) => [key, config[key]])))
}
