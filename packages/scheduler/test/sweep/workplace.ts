import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { RunConfig, Stage } from '@stagewright/core'
import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { afterAll } from 'vitest'

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
