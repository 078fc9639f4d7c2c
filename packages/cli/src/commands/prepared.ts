import { resolve } from 'node:path'

import {
  createPipeline,
  errors as core,
  ImageSource,
  type Interceptor,
  isPipelineError,
  type LearningRecorder,
  type Observer,
  type Pipeline,
  provide,
  type Provider,
  type RunConfig,
  type Stage,
  type StagePlan,
} from '@stagewright/core'
import { fileImages } from '@stagewright/image-files'

import { stagesOf } from '../built-in.js'
import type { CliHost } from '../host.js'
import { throwAll } from '../report/several.js'
import { OpenedPictures } from '../run-file/effective.js'
import { allowedByImages, imagePaths, referencesTo } from '../run-file/given-images.js'
import { withOverrides } from '../run-file/overrides.js'
import { type RunFile } from '../run-file/read.js'
import { type ChosenBackend, chooseBackend } from '../servers/choose-backend.js'
import type { RunFileOptions } from './options.js'

/** A run file with its options, and the pipeline that can run it. */
export interface Prepared {
  readonly config: RunConfig
  readonly stages: readonly Stage[]
  readonly chosen: ChosenBackend
  readonly pictures: OpenedPictures
  /** The pictures that a reference of the run file stands for, each by a reference of its own. */
  readonly files: (reference: string) => Promise<readonly string[]>
  readonly pipeline: Pipeline<readonly Stage[]>
  /** What the stages are given. */
  readonly services: readonly Provider[]
  dispose(): Promise<void>
}

interface Watching {
  readonly interceptors?: readonly Interceptor[]
  readonly observers?: readonly Observer[]
  readonly learning?: LearningRecorder | undefined
  readonly previews?: boolean
}

/** Lays the options over the file, checks the whole, and builds the pipeline.
 *  @throws {PipelineError} SW_CONFIG_… and SW_CLI_… with every mistake */
export async function prepare(
  file: RunFile,
  options: RunFileOptions,
  host: CliHost,
  watching: Watching = {},
): Promise<Prepared> {
  const [stages, chosen] = await Promise.all([stagesOf(host), chooseBackend(options, host)])
  return prepareOn(chosen, { file, stages, options, watching }, host)
}

interface Wanted {
  readonly file: RunFile
  readonly stages: readonly Stage[]
  readonly options: RunFileOptions
  readonly watching?: Watching
}

/** The same on a backend that is chosen already; it is disposed with what is prepared. */
export async function prepareOn(
  chosen: ChosenBackend,
  { file, stages, options, watching = {} }: Wanted,
  host: CliHost,
): Promise<Prepared> {
  const { backend } = chosen
  const dispose = (): Promise<void> => backend[Symbol.asyncDispose]()
  try {
    const config = withOverrides(file.config, options, stages, host.cwd) as RunConfig
    const given = imagePaths(options.images ?? [], host.cwd)
    const allowed = (options.allowPath ?? []).map((one) => resolve(host.cwd, one))
    const places = { root: file.folder, allow: [...allowed, ...allowedByImages(given)] }
    const pictures = new OpenedPictures(fileImages(places))
    const services = [provide(ImageSource, () => pictures)]
    const { learning, ...rest } = watching
    const pipeline = createPipeline({
      backend,
      stages,
      services,
      allowLarge: options.allowLarge === true,
      ...rest,
      ...(learning === undefined ? {} : { learning }),
    })
    pipeline.parse(config)
    if (options.lenient === true) await letPass(pipeline, config, chosen, host)
    const files = (reference: string): Promise<string[]> => referencesTo(reference, places)
    return { config, stages, chosen, pictures, files, pipeline, services, dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Plans once, and lets pass what the backend does not list. What else is wrong is told when it is planned again. */
export async function letPass(
  pipeline: Pick<Pipeline<readonly Stage[]>, 'plan'>,
  config: RunConfig,
  { backend }: ChosenBackend,
  { signal }: CliHost,
): Promise<void> {
  try {
    await pipeline.plan(config, { signal })
  } catch (error) {
    if (!isPipelineError(error) || !backend.forgive(error)) throw error
  }
}

/** Refuses a plan that has notes (`--strict`).
 *  @throws {PipelineError} SW_PLAN_STRICT for each note */
export function refuseNotes(plan: {
  readonly stages: readonly Pick<StagePlan, 'name' | 'notes'>[]
}): void {
  throwAll(
    plan.stages.flatMap(({ name, notes }) =>
      notes.map(({ code, message }) => core.SW_PLAN_STRICT({ stage: name, code, note: message })),
    ),
  )
}
