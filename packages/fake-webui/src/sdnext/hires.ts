import { bySubstring, modelName } from '../jobs/checkpoints.js'
import { checkMemory, type Job, megapixelsOf, sample } from '../jobs/job.js'
import { floorTo, type Size } from '../jobs/size.js'
import { isOff } from '../jobs/values.js'
import { type Picture, resized } from '../pictures/picture.js'
import { redrawingOf } from './redraw.js'

/** SD.Next's second pass. `enable_hr` alone does not enlarge: `hr_resize_mode` must be above 0; and a model upscaler is
 *  followed by diffusion only with `hr_force`. */
export async function hiresOver(
  job: Job,
  pictures: readonly Picture[],
  from: number,
): Promise<Picture[]> {
  const { values, world, exchange } = job
  const upscaler = values.hr_upscaler ?? 'None'
  if (Number(values['hr_resize_mode']) === 0) {
    exchange.ignore('enable_hr', 'hr_resize_mode is 0: nothing is enlarged')
    return [...pictures]
  }
  if (!world.dialect.upscalers.some(({ name }) => name === upscaler)) {
    exchange.ignore('hr_upscaler', `"${upscaler}" is unknown: nothing is enlarged`)
    return [...pictures]
  }
  const { width, height } = target(job)
  const latent = upscaler.startsWith('Latent')
  if (!latent && values['hr_force'] !== true) {
    exchange.ignore('hr_second_pass_steps', 'a model upscaler does no diffusion without hr_force')
    return Promise.all(pictures.map((one) => resized(one, width, height)))
  }
  checkMemory(job, width, height, pictures.length)
  world.progress.next()
  const steps = values.hr_second_pass_steps || values.steps
  const done = await sample(job, steps, megapixelsOf(width, height, pictures.length))
  return again(job, pictures, from, { width, height }, done, {
    denoising_strength: Number(values['hr_denoising_strength']) || values.denoising_strength,
    upscaler: latent ? 'Latent' : upscaler,
    ...promptsOf(job),
  })
}

/** The refiner is a third stage, by a model that an option of the server names. */
export async function refinedAtTheEnd(
  job: Job,
  pictures: readonly Picture[],
  from: number,
): Promise<Picture[]> {
  const { values, world, exchange } = job
  const start = Number(values['refiner_start'])
  const steps = Number(values['refiner_steps'])
  const name = world.settings['sd_model_refiner']
  if (typeof name !== 'string' || isOff(name) || steps <= 0 || start <= 0 || start >= 1)
    return [...pictures]
  const model = bySubstring(world.checkpoints, name)
  if (model === undefined) return [...pictures]
  await world.load(model, exchange)
  const { width, height } = pictures[0]!
  const done = await sample(job, steps, megapixelsOf(width, height, pictures.length))
  return again(job, pictures, from, { width, height }, done, {
    denoising_strength: 1 - start,
    model: modelName(model),
    ...promptsOf(job),
  })
}

function promptsOf({ values }: Job): { prompt?: string; negative_prompt?: string } {
  const { refiner_prompt: prompt, refiner_negative: negative } = values
  return {
    ...(typeof prompt === 'string' && prompt !== '' ? { prompt } : {}),
    ...(typeof negative === 'string' && negative !== '' ? { negative_prompt: negative } : {}),
  }
}

function again(
  job: Job,
  pictures: readonly Picture[],
  from: number,
  size: Size,
  steps: number,
  {
    upscaler,
    ...more
  }: {
    readonly denoising_strength: number
    readonly upscaler?: string
    readonly model?: string
    readonly prompt?: string
    readonly negative_prompt?: string
  },
): Promise<Picture[]> {
  return job.world.painter.redrawn(
    {
      ...redrawingOf(job, from, pictures.length, steps),
      ...size,
      ...more,
      resize_mode: upscaler === 'Latent' ? 3 : 0,
      ...(upscaler === undefined ? {} : { upscaler_for_img2img: upscaler }),
    },
    pictures,
    undefined,
    {},
  )
}

/** Both sides given are taken as they are; one takes the other from the aspect. */
function target({ values, width, height }: Job): Size {
  const { hr_resize_x: x, hr_resize_y: y, hr_scale: scale } = values
  const [wide, high] =
    x > 0 && y > 0
      ? [x, y]
      : x > 0
        ? [x, (x * height) / width]
        : y > 0
          ? [(y * width) / height, y]
          : [width * scale, height * scale]
  return { width: floorTo(wide, 8), height: floorTo(high, 8) }
}
