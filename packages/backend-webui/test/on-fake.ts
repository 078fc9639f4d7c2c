import { createPipeline } from '@stagewright/core'
import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { afterEach } from 'vitest'

import { type DialectName, webui, type WebuiBackend } from '../src/index.js'

export const stages = [txt2img, img2img, refiner, upscale, adetailer] as const

/** What the test has open; closed after it. */
export const open: { fake?: FakeWebui; backend?: WebuiBackend } = {}

afterEach(async () => {
  await open.backend?.[Symbol.asyncDispose]()
  await open.fake?.close()
})

/** A pipeline of five stages on a fake server. */
export async function on(dialect: DialectName, options: Partial<FakeWebuiOptions> = {}) {
  const fake = await startFakeWebui({ dialect, ...options })
  const backend = webui({ url: fake.url, pollInterval: 10 })
  Object.assign(open, { fake, backend })
  return { fake, backend, pipeline: createPipeline({ backend, stages }) }
}

/** The generating requests that arrived: pictures and task ids stand for themselves. */
export function sent(fake: FakeWebui): unknown[] {
  return fake.requests
    .filter(({ method, path }) => method === 'POST' && /2img|extra|detail/.test(path))
    .map(({ path, body }) => ({ path, body: shown(body) }))
}

function shown(value: unknown): unknown {
  if (typeof value === 'string')
    return value.length > 300 ? '<picture>' : value.replace(/^stagewright-[\da-f-]{36}$/, '<task>')
  if (Array.isArray(value)) return value.map(shown)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shown(one)]))
}

export const words = {
  prompt: 'a portrait of a fisherman',
  seed: 7,
  width: 64,
  height: 64,
  steps: 4,
}
export const hires = {
  enable_hr: true,
  hr_scale: 2,
  hr_upscaler: 'Lanczos',
  denoising_strength: 0.4,
}
export const second = { refiner_enabled: true, refiner_model_name: 'sd_xl_refiner_1.0' }
export const units = [{ name: 'face', ad_model: 'face_yolov8n.pt' }]
