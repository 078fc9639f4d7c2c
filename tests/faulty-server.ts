import { webui, type WebuiOptions } from '@stagewright/backend-webui'
import {
  createPipeline,
  isPipelineError,
  type PipelineError,
  type RunOptions,
  type RunResult,
} from '@stagewright/core'
import {
  type DialectName,
  type FakeWebui,
  type FakeWebuiOptions,
  type Fault,
  type RecordedRequest,
  startFakeWebui,
} from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

export const stages = ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer'] as const
export type StageName = (typeof stages)[number]

/** Two pictures through five stages: `txt2img` makes both in one call, each other stage has a call for each. */
export const calls = { txt2img: 1, img2img: 2, refiner: 2, upscale: 2, adetailer: 2 } as const

export function stagesOn(dialect: DialectName): readonly StageName[] {
  // sd-server has no call of its own for hires, no extras and no detailer.
  return dialect === 'sdcpp' ? ['txt2img', 'img2img'] : stages
}

/** By which route a call can be followed: its task, whatever runs, or none. */
export function followed(dialect: DialectName, stage: StageName): 'task' | 'global' | 'none' {
  if (stage === 'upscale' || dialect === 'sdcpp') return 'none'
  return dialect === 'sdnext' ? 'global' : 'task'
}

export interface SceneOptions extends FakeWebuiOptions {
  readonly client?: Omit<WebuiOptions, 'url'>
}

/** A server, a backend on it and the pipeline of five stages. */
export async function scene({ client, ...options }: SceneOptions) {
  const { dialect } = options
  const fake = await startFakeWebui({ tinyPictures: true, ...options })
  const backend = webui({ url: fake.url, dialect, pollInterval: 20, ...client })
  const pipeline = createPipeline({
    backend,
    stages: [txt2img, img2img, refiner, upscale, adetailer],
  })
  return {
    fake,
    backend,
    run: (how: RunOptions = {}): Promise<Ended> => ended(pipeline.run(config(dialect), how)),
    [Symbol.asyncDispose]: async () => {
      await pipeline[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

function config(dialect: DialectName) {
  const words = { prompt: 'a harbour', seed: 7, steps: 4 }
  const first = {
    txt2img: { width: 64, height: 64, batch_size: 2 },
    img2img: { denoising_strength: 0.9 },
  }
  if (dialect === 'sdcpp') return { ...words, ...first }
  const next = dialect === 'sdnext'
  const second = { refiner_enabled: true, refiner_model_name: 'sd_xl_refiner_1.0' }
  return {
    ...words,
    ...first,
    refiner: {
      ...(next ? {} : second),
      enable_hr: true,
      hr_strategy: 'own' as const,
      hr_upscaler: 'Lanczos',
      hr_scale: 1.5,
    },
    upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 },
    adetailer: { units: [{ name: 'face', ad_model: next ? 'face-yolo8n' : 'face_yolov8n.pt' }] },
  }
}

export interface Ended {
  readonly result: RunResult
  /** What ended the run; absent where it is done or partial. */
  readonly error: PipelineError | undefined
}

async function ended(run: Promise<RunResult>): Promise<Ended> {
  try {
    return { result: await run, error: undefined }
  } catch (error) {
    if (!isPipelineError(error) || error.result === undefined) throw error
    return { result: error.result, error }
  }
}

/** What did not reach the end: where, why, and the stage that its newest good version comes from. */
export function left({ unfinished }: RunResult) {
  return unfinished.map(({ stage, error, image }) => ({
    stage,
    code: error.code,
    named: error.details['stage'],
    kept: image?.lineage?.at(-1)?.replace(/:.*/, ''),
  }))
}

/** The stage that a generating request belongs to, read from its fields; undefined for any other request. */
export function stageOf({ method, path, body }: Pick<RecordedRequest, 'method' | 'path' | 'body'>) {
  if (method !== 'POST') return undefined
  switch (path) {
    case '/sdapi/v1/txt2img':
      return 'txt2img'
    case '/sdapi/v1/extra-single-image':
      return 'upscale'
    case '/sdapi/v1/detail':
      return 'adetailer'
    case '/sdapi/v1/img2img': {
      const {
        alwayson_scripts: scripts,
        override_settings: settings,
        // SD.Next's way of choosing it.
        resize_name: upscaler = settings?.['upscaler_for_img2img'] ?? 'None',
      } = body as {
        alwayson_scripts?: { ADetailer?: { args: readonly unknown[] } }
        override_settings?: Readonly<Record<string, unknown>>
        resize_name?: unknown
      }
      if (scripts?.ADetailer?.args[0] === true) return 'adetailer'
      return upscaler === 'None' ? 'img2img' : 'refiner'
    }
    default:
      return undefined
  }
}

/** How many generating requests of each stage arrived. */
export function generated({ requests }: FakeWebui): Partial<Record<StageName, number>> {
  const counts: Partial<Record<StageName, number>> = {}
  for (const request of requests) {
    const stage = stageOf(request)
    if (stage !== undefined) counts[stage] = (counts[stage] ?? 0) + 1
  }
  return counts
}

/** The fault, on the last call of a stage: the picture before it is done by then. */
export function on(stage: StageName, fault: Fault): Fault {
  return {
    skip: calls[stage] - 1,
    ...fault,
    match: { when: (request) => stageOf(request) === stage },
  }
}

/** How many requests there were of a path. */
export function asked({ requests }: FakeWebui, path: string): number {
  return requests.filter((request) => request.path === path).length
}

/** Resolves when the last call of a stage runs, and the client has read that it does: of two looks, the first was
 *  answered. */
export async function untilSeen(fake: FakeWebui, stage: StageName): Promise<void> {
  const arrived = () => fake.requests.filter((request) => stageOf(request) === stage).length
  await fake.until(({ job }) => arrived() === calls[stage] && job !== '')
  await looks(fake, 2)
}

/** Resolves when the client has asked for the progress so many times more. */
export async function looks(fake: FakeWebui, times: number): Promise<void> {
  const from = fake.requests.length
  await fake.until(
    () =>
      fake.requests.slice(from).filter(({ path }) => path.endsWith('/progress')).length >= times,
  )
}
