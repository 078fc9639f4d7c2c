import {
  createPipeline,
  ImageSource,
  isPipelineError,
  provide,
  stageImage,
} from '@stagewright/core'
import { type RecordedRequest, startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { describe, expect, it } from 'vitest'

import { type DialectName, dialectNames, webui } from '../src/index.js'
import { png } from './pictures.js'

const stages = [txt2img, img2img, refiner, upscale, adetailer] as const
const letters = ['t', 'i', 'R', 'H', 'U', 'A'] as const
type Letter = (typeof letters)[number]

/** Every way to switch the stages on in which something generates. */
const combinations = Array.from({ length: 2 ** letters.length }, (_, bits) =>
  letters.filter((_letter, at) => (bits >> at) & 1),
).filter((on) => on.includes('t') || on.includes('i'))

describe.each(dialectNames)('each combination of stages on %s', (dialect) => {
  it('sends just this, of which nothing is ignored, or is refused before anything is sent', async () => {
    await using fake = await startFakeWebui({ dialect, strict: true, tinyPictures: true })
    await using backend = webui({ url: fake.url, pollInterval: 5 })
    await using pipeline = createPipeline({
      backend,
      stages,
      services: [provide(ImageSource, photo)],
    })
    const bodies = new Map<string, string>()
    const cases: string[] = []
    for (const on of combinations) {
      const before = fake.requests.length
      const outcome = await pipeline
        .run(configOf(on, dialect) as never)
        .catch((error: unknown) => error)
      const sent = fake.requests.slice(before).filter(generates)
      const refused = isPipelineError(outcome)
      expect([on, refused && sent.length > 0]).toEqual([on, false])
      const told = refused ? [outcome.message] : sent.map((request) => called(request, bodies))
      cases.push(`${on.join('+')}: ${told.join(', ')}`)
    }
    const named = [...bodies].map(([body, name]) => `${name}: ${body}`)
    expect([...cases, ...named].join('\n')).toMatchSnapshot()
  })
})

function configOf(on: readonly Letter[], dialect: DialectName): Record<string, unknown> {
  const has = (letter: Letter) => on.includes(letter)
  return {
    prompt: 'a harbour',
    seed: 7,
    steps: 2,
    cfg_scale: 6,
    ...(has('t') ? { txt2img: { width: 64, height: 64 } } : {}),
    ...(has('i')
      ? {
          img2img: { denoising_strength: 0.5, ...(has('t') ? {} : { init_images: ['photo.png'] }) },
        }
      : {}),
    ...(has('R') || has('H')
      ? {
          refiner: {
            ...(has('R') ? { refiner_enabled: true, refiner_model_name: 'sd_xl_refiner_1.0' } : {}),
            ...(has('H')
              ? { enable_hr: true, hr_scale: 2, hr_upscaler: 'Lanczos', denoising_strength: 0.4 }
              : {}),
          },
        }
      : {}),
    ...(has('U') ? { upscale: { upscaler_1: 'Lanczos' } } : {}),
    ...(has('A')
      ? {
          adetailer: {
            units: [{ ad_model: dialect === 'sdnext' ? 'face-yolo8n' : 'face_yolov8n.pt' }],
          },
        }
      : {}),
  }
}

const photo = () => ({
  open: () =>
    Promise.resolve([{ image: stageImage(png({ width: 64, height: 64 }), { name: 'photo.png' }) }]),
})

function generates({ method, path }: RecordedRequest): boolean {
  return method === 'POST' && /2img$|extra|detail$/.test(path)
}

/** The name of a call: its route, counted by the different bodies that were sent there. */
function called({ path, body }: RecordedRequest, bodies: Map<string, string>): string {
  const text = JSON.stringify(body, (key, value: unknown) =>
    key === 'force_task_id'
      ? undefined
      : typeof value === 'string' && value.length > 300
        ? '<picture>'
        : value,
  )
  const route = path.split('/').at(-1)!
  const count = [...bodies.values()].filter((name) => name.startsWith(`${route} `)).length
  const name = bodies.get(text) ?? `${route} ${count + 1}`
  bodies.set(text, name)
  return name
}
