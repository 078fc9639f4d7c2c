import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

import { sketch } from '@stagewright/backend-sketch'
import {
  type Backend,
  type CallContext,
  type CallResult,
  createPipeline,
  type Interceptor,
  type Operation,
  type Pipeline,
  type RunConfigInput,
} from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

import { type JournalEvent, readRun, RunStore, type RunStoreOptions } from '../src/index.js'

export const stages = [txt2img, img2img, refiner, upscale, adetailer] as const

/** The full chain: two pictures in one call, then one call a picture and stage. */
export const chain = {
  prompt: 'portrait of a keeper, a lighthouse behind',
  seed: 7,
  width: 64,
  height: 64,
  steps: 4,
  batch_size: 2,
  txt2img: {},
  refiner: {
    hr_strategy: 'own' as const,
    enable_hr: true,
    hr_scale: 1.5,
    hr_upscaler: 'Lanczos',
    denoising_strength: 0.3,
  },
  upscale: { upscaler_1: 'Lanczos', upscaling_resize: 1.5 },
  adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] },
} satisfies RunConfigInput<typeof stages>

/** Calls that the chain makes: 1 txt2img, 2 refiner, 2 upscale, 2 adetailer. */
export const chainCalls = 7

/** A backend that draws, and keeps count. */
export function counting(inner: Backend = sketch()): Backend & { readonly made: string[] } {
  const made: string[] = []
  return {
    kind: inner.kind,
    made,
    describe: (signal) => inner.describe(signal),
    call: <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      made.push(ctx.stage)
      return inner.call(operation, request, ctx)
    },
  }
}

/** A folder of its own, with a store in it; removed when the test is over. */
export class Workplace implements AsyncDisposable {
  readonly root: string
  readonly backend = counting()
  readonly stages = stages

  private constructor(root: string) {
    this.root = root
  }

  static async make(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'stagewright-store-')))
  }

  store(options: Partial<RunStoreOptions> = {}): RunStore {
    return new RunStore({ root: this.root, ...options })
  }

  pipeline(
    interceptors: readonly Interceptor[] = [],
    backend: Backend = this.backend,
  ): Pipeline<typeof stages> {
    return createPipeline({ backend, stages, interceptors })
  }

  /** All files below a folder, sorted, with `/`. */
  async files(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
      .toSorted()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true })
  }
}

/** How each call of a run was answered, from its journal: `txt2img made`. */
export async function answers(folder: string): Promise<string[]> {
  const { events } = await readRun(folder)
  return events.flatMap((event) =>
    event.type === 'call_finished' ? [`${event.stage} ${event.source}`] : [],
  )
}

export function typesOf(events: readonly JournalEvent[]): string[] {
  return events.map(({ type }) => type)
}
