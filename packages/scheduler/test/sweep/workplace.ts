import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { sketch } from '@stagewright/backend-sketch'
import { isPipelineError, type RunConfig, type Stage } from '@stagewright/core'
import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { afterAll } from 'vitest'

import { planSweep, sweep, type SweepInput, type SweepPlan } from '../../src/index.js'
import { linesOf } from '../../src/sweep/wildcards.js'

export const stages: readonly Stage[] = [txt2img, img2img, refiner, upscale, adetailer]

export const plain: RunConfig = {
  prompt: 'a lighthouse',
  seed: 7,
  width: 64,
  height: 64,
  steps: 2,
  txt2img: {},
}

const hires = { enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos', denoising_strength: 0.3 }
export const withHires: RunConfig = { ...plain, refiner: hires }

const folders: string[] = []
afterAll(() => Promise.all(folders.map((one) => rm(one, { recursive: true, force: true }))))

export async function place(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stagewright-sweep-'))
  folders.push(folder)
  return folder
}

export function fakeServer(options: Partial<FakeWebuiOptions> = {}): Promise<FakeWebui> {
  return startFakeWebui({ dialect: 'a1111', tinyPictures: true, ...options })
}

/** How many pictures the server was asked for, by path. */
export function asked(fake: FakeWebui, path: string): number {
  return fake.requests.filter((one) => one.path === `/sdapi/v1/${path}`).length
}

/** A sweep that is planned on the sketch backend; wildcards are files by their names. */
export async function planned(
  input: SweepInput,
  config = plain,
  files: Readonly<Record<string, string>> = {},
): Promise<SweepPlan> {
  await using backend = sketch()
  return await planSweep(sweep(config, input), {
    backend,
    stages,
    random: () => 42,
    wildcards: (name) =>
      Promise.resolve(
        files[name] === undefined ? { reason: 'there is no such file' } : linesOf(files[name]),
      ),
  })
}

/** What some work is refused for, each with its hint. */
export async function codesOf(work: () => Promise<unknown>): Promise<string[]> {
  try {
    await work()
    return []
  } catch (error) {
    if (!isPipelineError(error)) throw error
    return (error.errors.length > 0 ? error.errors : [error]).map(
      ({ code, message, hint }) => `${code} ${message} | ${hint}`,
    )
  }
}
