import { deepFreeze } from '../config/json.js'
import { type ParsedRun, parseRun } from '../config/parse.js'
import type { RunConfig } from '../config/run-config.js'
import type { Backend, Capabilities } from '../contract/backend.js'
import type { ImageBatch, StageImage } from '../contract/stage-image.js'
import type { GivenForecast, Stage } from '../contract/stage.js'
import type { Scope } from '../di/scope.js'
import { planParsed } from '../plan/build-pipeline-plan.js'
import type { Placements } from '../plan/placement.js'
import type { PipelinePlan } from '../plan/stage-plan.js'
import { withGivenSettings } from './given-settings.js'
import { type GivenPictures, openPictures } from './open-pictures.js'
import { describeBackend, preflight } from './preflight.js'
import { type RandomSeed, resolveSeeds } from './seeds.js'

export interface Facts {
  readonly stages: readonly Stage[]
  readonly backend: Backend
  readonly services: Scope
  readonly placement: Placements
  readonly allowLarge: boolean
  /** Whether names that the backend does not know are told instead of refused. */
  readonly lenient: boolean
  /** The pictures to start from, given in code. */
  readonly images?: ImageBatch | undefined
  /** Makes seeds of −1 numbers; absent: they stay, for a plan that is only looked at. */
  readonly random?: RandomSeed | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Prepared {
  /** With seeds resolved and the server's own model pinned. */
  readonly config: RunConfig
  readonly plan: PipelinePlan
  readonly images: ImageBatch
  readonly pictures: GivenPictures
  readonly capabilities: Capabilities
  /** What a lenient preflight let pass. */
  readonly warnings: readonly string[]
  /** The same run planned with another placement. */
  readonly replan: (placement: Placements) => PipelinePlan
}

/** Everything that can be refused is refused here, before the first call. */
export async function prepare(given: unknown, facts: Facts): Promise<Prepared> {
  const { stages, backend, placement, random } = facts
  const asGiven = parseRun(given, stages, placement)
  const capabilities = await describeBackend(backend, facts.signal)
  const pinned = pin(asGiven, stages, capabilities)
  const config = deepFreeze(random === undefined ? pinned : resolveSeeds(pinned, stages, random))
  const run = parseRun(config, stages, placement)
  const pictures = await openPictures(enabledIn(run), run.inputImages, facts.services)
  const start = startingImages(run, facts.images, pictures)
  const images = start === undefined ? undefined : withGivenSettings(start, run)
  const planFacts = {
    capabilities,
    allowLarge: facts.allowLarge,
    pictures: forecasts(pictures),
    ...(images === undefined ? {} : { input: images.map(forecast) }),
  }
  const plan = planParsed(run, planFacts)
  const warnings = preflight(plan, capabilities, backend, facts.lenient)
  const replan = (moved: Placements): PipelinePlan =>
    planParsed(parseRun({ ...config, placement: moved }, stages), planFacts)
  return { config, plan, images: images ?? [], pictures, capabilities, warnings, replan }
}

/** What is left to the server is read once and kept for the whole run. */
function pin(run: ParsedRun, stages: readonly Stage[], { current = {} }: Capabilities): RunConfig {
  const inherited = new Set(stages.flatMap((stage) => stage.inherits))
  const wanted = Object.entries(current).filter(
    ([key, value]) => value !== undefined && inherited.has(key) && !(key in run.shared),
  )
  return { ...run.source, ...Object.fromEntries(wanted) }
}

function enabledIn(run: ParsedRun) {
  return run.arranged.flatMap(({ stage }) => {
    const section = run.sections.get(stage.name)
    return section?.enabled === true ? [{ stage, config: section.config }] : []
  })
}

function startingImages(
  run: ParsedRun,
  images: ImageBatch | undefined,
  pictures: GivenPictures,
): ImageBatch | undefined {
  if (images !== undefined || run.inputImages.length === 0) return images
  return run.inputImages.flatMap((reference) =>
    (pictures.get(reference) ?? []).map(({ image }) => image),
  )
}

function forecasts(pictures: GivenPictures): ReadonlyMap<string, readonly GivenForecast[]> {
  return new Map(
    [...pictures].map(([key, given]) => [
      key,
      given.map(({ image, coverage }) => ({ ...forecast(image), coverage })),
    ]),
  )
}

function forecast({ width, height, settings, name }: StageImage): GivenForecast {
  return { width, height, settings, name }
}
