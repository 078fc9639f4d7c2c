// Stages that do nothing, in every way a stage can do it: n of them, spread over all phases, with edges, contributions
// and calls of their own. What they do grows with n, never with n²: three stages generate, however many there are.
import {
  coreCapabilities,
  defineStage,
  Detail,
  Img2Img,
  Phase,
  slot,
  Txt2Img,
  Upscale,
} from '@stagewright/core'
import { z } from 'zod'

const both = (first, second) => [...first, ...second]
const Guide = slot('bench_guide', [Txt2Img, Img2Img], both)
const Tint = slot('bench_tint', [Txt2Img, Img2Img, Upscale], both)

const phases = ['Generate', 'Transform', 'Refine', 'Upscale', 'Detail', 'Prepare']
const generating = 3

export const capabilities = {
  ...coreCapabilities,
  slots: [...coreCapabilities.slots, Guide.name, Tint.name],
  resources: { model: 'any' },
}

/** @param schemas `zod`, as plugins have; `bare`: Standard Schemas without a library, to see what core alone takes
 *  @returns the stages, in an order that is not theirs, and a config that switches them all on */
export function synthetic(count, schemas = 'zod') {
  const places = Array.from({ length: count }, (_, i) => ({
    phase: phases[i % phases.length],
    at: Math.floor(i / phases.length),
  }))
  const known = new Set(places.map(nameOf))
  const stages = places.map((place) => stageAt(place, known, schemas))
  const sections = stages.map(({ name }, i) => [name, i % 2 === 0 ? { amount: i % 10 } : null])
  return {
    stages: shuffled(stages),
    config: { prompt: 'a lighthouse', seed: 7, ...Object.fromEntries(sections) },
  }
}

function stageAt(place, known, schemas) {
  const generates = place.phase === 'Generate' && place.at < generating
  const shared = generates ? ['prompt', 'seed'] : []
  return defineStage({
    name: nameOf(place),
    phase: Phase[place.phase],
    ...(generates ? { generates: true } : {}),
    ...(isLast(place) ? { terminal: true } : {}),
    consumes: consumes(place),
    ...edges(place, known),
    config: schemas === 'zod' ? zodSchema(generates) : bareSchema(generates),
    inherits: shared,
    plan: (config, view) => intent(place, config, view),
    execute: (_, images) => Promise.resolve(images),
  })
}

function zodSchema(generates) {
  return z.object({
    amount: z.number().min(0).max(10).default(1),
    mode: z.enum(['soft', 'hard']).default('soft'),
    label: z.string().default(''),
    ...(generates ? { prompt: z.string().min(1), seed: z.int().default(-1) } : {}),
  })
}

function bareSchema(generates) {
  const defaults = { amount: 1, mode: 'soft', label: '', ...(generates ? { seed: -1 } : {}) }
  const properties = {
    amount: { type: 'number', minimum: 0, maximum: 10 },
    mode: { enum: ['soft', 'hard'] },
    label: { type: 'string' },
    ...(generates ? { prompt: { type: 'string' }, seed: { type: 'integer' } } : {}),
  }
  const describe = () => ({ type: 'object', properties, additionalProperties: false })
  return {
    '~standard': {
      version: 1,
      vendor: 'stagewright-bench',
      validate: (value) => ({ value: { ...defaults, ...value } }),
      jsonSchema: { input: describe, output: describe },
    },
  }
}

/** Names in no order, so that ties are not solved by luck. */
function nameOf({ phase, at }) {
  const scrambled = ((at + 1) * 7919) % 10_007
  return `bench_${phase.toLowerCase()}_${String(scrambled).padStart(5, '0')}`
}

function isLast({ phase, at }) {
  return phase === 'Detail' && at === 0
}

function consumes({ phase, at }) {
  if (phase === 'Prepare') return 'nothing'
  if (phase === 'Generate') return at === 0 ? 'nothing' : 'maybe'
  return 'images'
}

/** One or two edges a stage: to neighbours in its phase, and to the same place in the phase before. */
function edges({ phase, at }, known) {
  if (isLast({ phase, at })) return {}
  const first = phase === 'Detail' ? 1 : 0
  const near = (distance) => ({ phase, at: at + distance })
  const follows = at - 2 >= first ? [nameOf(near(-2))] : []
  const anchor = phase === 'Generate' && at > 0 ? [nameOf({ phase, at: 0 })] : []
  const earlier = phase === 'Refine' ? [nameOf({ phase: 'Transform', at })] : []
  const precedes = at % 3 === 0 && at > 0 ? [`${nameOf(near(1))}?`] : []
  return {
    after: [...follows, ...anchor, ...earlier.filter((name) => known.has(name))],
    before: precedes,
  }
}

/** Contributes to later calls, joins the call before, or calls by itself: by phase, and by turns. */
function intent({ phase, at }, config, view) {
  const needs = [{ kind: 'model', name: `model ${at % 7}`, path: 'label' }]
  const size = { width: view.onGrid(515), height: view.onGrid(512) }
  const each = (operation) => ({ call: { operation, times: view.input.length }, needs })
  switch (phase) {
    case 'Prepare':
      return { contribute: { generating: [Guide.with([config.amount])] }, needs }
    case 'Generate':
      if (at === 0) return { call: { operation: Txt2Img, times: 1 }, needs, output: [size, size] }
      return each(Img2Img)
    case 'Transform':
      return at % 2 === 0
        ? each(Img2Img)
        : { ...each(Img2Img), contribute: { own: [Tint.with([at])] } }
    case 'Refine':
      return at % 2 === 0
        ? { contribute: { previous: [Tint.with([at])] }, needs, why: 'joins the call before' }
        : each(Img2Img)
    case 'Upscale':
      return each(Upscale)
    default:
      return each(Detail)
  }
}

/** The same shuffle every time. */
function shuffled(items) {
  const copy = [...items]
  let state = 12_345
  for (let i = copy.length - 1; i > 0; i--) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    const other = state % (i + 1)
    ;[copy[i], copy[other]] = [copy[other], copy[i]]
  }
  return copy
}
