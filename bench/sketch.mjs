// The embedded backend: pictures from words, and the whole portrait chain, beside the time that sharp alone takes to
// write the same pixels as PNG in the same run.
import { createPipeline } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import sharp from 'sharp'

import { interleaved } from './measure.mjs'
import { ms, table, target } from './table.mjs'

const prompt = 'portrait photo of a fisherman in a yellow raincoat on a windy pier, hands on a rope'

const portrait = {
  preset: 'xl',
  prompt,
  negative_prompt: 'blurry, lowres, extra fingers',
  model: 'sd_xl_base_1.0',
  width: 832,
  height: 1216,
  steps: 28,
  txt2img: {},
  refiner: {
    hr_strategy: 'own',
    refiner_enabled: true,
    refiner_model_name: 'sd_xl_refiner_1.0',
    refiner_switch_at: 0.6,
    enable_hr: true,
    hr_scale: 1.25,
    hr_upscaler: 'R-ESRGAN 4x+',
    hr_second_pass_steps: 14,
    denoising_strength: 0.35,
  },
  upscale: { upscaler_1: 'R-ESRGAN 4x+', upscaling_resize: 1.5 },
  adetailer: {
    units: [
      { name: 'face', ad_model: 'face_yolov8n.pt', ad_denoising_strength: 0.35 },
      {
        name: 'hands',
        ad_model: 'hand_yolov8n.pt',
        ad_denoising_strength: 0.3,
        ad_confidence: 0.35,
      },
    ],
  },
}

const cases = [
  { name: 'txt2img 512x512', config: square(512), samples: 15, most: 60 },
  { name: 'txt2img 1024x1024', config: square(1024), samples: 9, most: 250 },
  { name: 'portrait, all stages', config: portrait, samples: 3 },
]

export async function benchSketch() {
  const { sketch } = await import('@stagewright/backend-sketch')
  if (typeof sketch !== 'function')
    return {
      rows: [],
      targets: [],
      text: '  sketch: @stagewright/backend-sketch has no sketch() yet',
    }
  const backend = sketch()
  const stages = [txt2img, img2img, refiner, upscale, adetailer]
  const pipeline = createPipeline({ backend, stages })
  try {
    const rows = []
    for (const one of cases) rows.push(await measure(pipeline, one))
    return { rows, targets: targets(rows), text: show(rows) }
  } finally {
    await pipeline[Symbol.asyncDispose]()
    await backend[Symbol.asyncDispose]?.()
  }
}

async function measure(pipeline, { name, config, samples, most }) {
  // Another seed each time: a picture that is remembered would be no measurement.
  let seed = 1
  const first = await pipeline.run({ ...config, seed })
  const pictures = await Promise.all(written(first).map(pixelsOf))
  const times = await interleaved(
    {
      sketch: () => pipeline.run({ ...config, seed: (seed += 1) }),
      floor: async () => {
        for (const picture of pictures) await encode(picture)
      },
    },
    { samples, warmUp: 2 },
  )
  const { sketch, floor } = times
  return { name, most, pictures: pictures.length, sketch, floor, ratio: sketch / floor }
}

/** Every picture that a call made, once. */
function written({ stages }) {
  const all = stages.flatMap(({ images }) => images)
  return [...new Map(all.map((image) => [image.digest, image])).values()]
}

async function pixelsOf(image) {
  const { data, info } = await sharp(await image.bytes())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, raw: { width: info.width, height: info.height, channels: info.channels } }
}

function encode({ data, raw }) {
  return sharp(data, { raw }).png({ compressionLevel: 3, adaptiveFiltering: false }).toBuffer()
}

function square(side) {
  return { prompt, width: side, height: side, txt2img: {} }
}

function targets(rows) {
  return rows
    .filter(({ most }) => most !== undefined)
    .map(({ name, sketch, most }) => target(`sketch, ${name}`, sketch, most, 'ms'))
}

function show(rows) {
  return table(
    'sketch: pipeline.run, PNG included, against sharp encoding the same pixels (medians)',
    ['case', 'ms', 'PNG floor ms', 'ratio', 'pictures'],
    rows.map(({ name, sketch, floor, ratio, pictures }) => [
      name,
      ms(sketch),
      ms(floor),
      ratio.toFixed(1),
      pictures,
    ]),
  )
}
