import { modelName, shortHash } from './checkpoints.js'
import type { Job } from './job.js'

/** The text that the servers put into their pictures: prompt, negative prompt, then `Key: value` pairs. */
export function infotextOf(job: Job, index: number): string {
  const { values, world, base, sampler } = job
  const pairs: [string, string | number | undefined][] = [
    ['Steps', job.steps],
    ['Sampler', sampler.sampler],
    ['Schedule type', world.dialect.schedulers.length > 0 ? sampler.scheduler : undefined],
    ['CFG scale', float(values.cfg_scale)],
    ['Distilled CFG Scale', float(values.distilled_cfg_scale)],
    ['Seed', job.seeds[index]],
    ['Face restoration', values.restore_faces === true ? face(job) : undefined],
    ['Size', `${String(job.width)}x${String(job.height)}`],
    ['Model hash', base.hashed ? shortHash(base) : undefined],
    ['Model', modelName(base)],
    ['Variation seed', values.subseed_strength > 0 ? job.subseeds[index] : undefined],
    [
      'Variation seed strength',
      values.subseed_strength > 0 ? float(values.subseed_strength) : undefined,
    ],
    [
      'Denoising strength',
      job.kind === 'img2img' || values.enable_hr === true
        ? float(values.denoising_strength)
        : undefined,
    ],
    ['Clip skip', clipSkip(job)],
    ...job.extra,
    ['Version', world.dialect.version],
  ]
  const text = pairs
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${quoted(value!)}`)
    .join(', ')
  const negative = job.negatives[index]
  return [
    job.prompts[index],
    ...(negative === undefined || negative === '' ? [] : [`Negative prompt: ${negative}`]),
    text,
  ].join('\n')
}

function face({ world }: Job): string {
  return String(world.settings['face_restoration_model'])
}

function clipSkip({ values, world }: Job): number | undefined {
  const skip = values.clip_skip ?? world.settings['CLIP_stop_at_last_layers']
  return typeof skip === 'number' && skip > 1 ? skip : undefined
}

/** Values that would break the list of pairs are written as JSON strings. */
export function quoted(value: string | number): string {
  const text = String(value)
  return /[,:\n]/u.test(text) ? JSON.stringify(text) : text
}

/** Python writes floats with a point: 7.0. */
export function float(value: number | undefined): string | undefined {
  return value !== undefined && Number.isInteger(value) ? `${String(value)}.0` : value?.toString()
}
