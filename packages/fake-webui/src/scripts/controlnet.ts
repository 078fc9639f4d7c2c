import sharp from 'sharp'

import { controlnetModels, controlnetModules } from '../data/files.js'
import { HttpError } from '../http/errors.js'
import { extensionGet, extensionPost } from '../http/route.js'
import type { Job } from '../jobs/job.js'
import { pictureIn } from '../pictures/encode.js'
import { type Picture, resized } from '../pictures/picture.js'
import type { Script } from './script.js'

/** ControlNet as a script: three units, whose maps come after the pictures. Source: the reference (its maps are
 *  appended); routes and unit keys are the extension's own. */
export const controlnet: Script = {
  title: 'ControlNet',
  alwayson: true,
  tabs: ['txt2img', 'img2img'],
  args: () => Array.from({ length: 3 }, () => ({ label: null, value: { enabled: false } })),
  routes: [
    extensionGet('/controlnet/version', () => ({ json: { version: 3 } })),
    extensionGet('/controlnet/model_list', () => ({ json: { model_list: controlnetModels } })),
    extensionGet('/controlnet/module_list', () => ({ json: { module_list: controlnetModules } })),
    extensionGet('/controlnet/settings', () => ({ json: { control_net_unit_count: 3 } })),
    extensionPost('/controlnet/detect', async ({ body }) => {
      const { controlnet_input_images: inputs = [] } = (body ?? {}) as {
        controlnet_input_images?: readonly unknown[]
      }
      if (inputs.length === 0) throw new HttpError(422, 'No image selected')
      const maps = await Promise.all(inputs.map(async (one) => mapOf(await pictureIn(one))))
      return {
        json: {
          images: maps.map(({ png }) => Buffer.from(png).toString('base64')),
          info: 'Success',
        },
      }
    }),
  ],
  prepare: (args, job) => {
    for (const [i, unit] of units(args, job).entries())
      job.extra.set(
        `ControlNet ${String(i)}`,
        `Module: ${unit.module}, Model: ${unit.model}, Weight: ${String(unit.weight)}`,
      )
  },
  extra: async (args, job) => {
    const maps: Picture[] = []
    for (const { image } of units(args, job)) {
      if (image === undefined) continue
      maps.push(await resized(await mapOf(await pictureIn(image)), job.width, job.height))
    }
    return maps
  },
}

interface ControlUnit {
  readonly image: unknown
  readonly module: string
  readonly model: string
  readonly weight: number
}

/** The units that are on. One without a model is left out, and its field noted. */
function units(args: readonly unknown[], job: Job): ControlUnit[] {
  return args.flatMap((given, i) => {
    if (typeof given !== 'object' || given === null) return []
    const unit = given as Record<string, unknown>
    if (unit['enabled'] === false) return []
    const model = typeof unit['model'] === 'string' ? unit['model'] : 'None'
    if (!controlnetModels.some((one) => one === model || one.split(' [')[0] === model)) {
      const field = `alwayson_scripts.ControlNet.args[${String(i)}].model`
      if (!job.exchange.ignored.some((one) => one.field === field))
        job.exchange.ignore(field, `"${model}" is not a model of ControlNet here`)
      return []
    }
    return [
      {
        image: unit['image'] ?? unit['input_image'] ?? undefined,
        module: typeof unit['module'] === 'string' ? unit['module'] : 'none',
        model,
        weight: typeof unit['weight'] === 'number' ? unit['weight'] : 1,
      },
    ]
  })
}

/** A grey negative stands for every preprocessor's map. */
async function mapOf({ width, height, png }: Picture): Promise<Picture> {
  const map = await sharp(png)
    .greyscale()
    .negate()
    .toColourspace('srgb')
    .png({ compressionLevel: 1 })
    .toBuffer()
  return { width, height, png: map }
}
