import { Float, written } from './json.js'
import type { SdcppRequest } from './request.js'

export interface SdcppSize {
  readonly width: number
  readonly height: number
}

/** What sd-server writes into its pictures; the size is the one that was asked for. */
export function sdcppInfotext(
  request: SdcppRequest,
  seed: number,
  { width, height }: SdcppSize,
  model: string,
): string {
  const { sampler, scheduler, hires, clipSkip } = request
  const six = (value: number): string => value.toFixed(6)
  const pairs = [
    `Steps: ${String(request.steps)}`,
    `CFG scale: ${six(request.cfg)}`,
    'Guidance: 3.500000',
    'Eta: inf',
    `Seed: ${String(seed)}`,
    `Size: ${String(width)}x${String(height)}`,
    `Model: ${model}`,
    'RNG: cuda',
    `Sampler: ${[sampler ?? 'NONE', ...(scheduler === undefined ? [] : [scheduler])].join(' ')}`,
    ...(clipSkip > 0 ? [`Clip skip: ${String(clipSkip)}`] : []),
    ...(hires === undefined
      ? []
      : [
          `Hires upscale: ${hires.upscaler}`,
          `Hires scale: ${six(hires.scale)}`,
          `Hires resize: ${String(hires.x)}x${String(hires.y)}`,
          `Hires steps: ${String(hires.steps)}`,
          `Denoising strength: ${six(hires.denoising)}`,
        ]),
    'Version: stable-diffusion.cpp',
    `SDCPP: ${written(parametersOf(request, seed, { width, height }, model))}`,
  ]
  return [
    request.prompt,
    ...(request.negative === '' ? [] : [`Negative prompt: ${request.negative}`]),
    pairs.join(', '),
  ].join('\n')
}

function parametersOf(
  { hires, sampler, scheduler, ...request }: SdcppRequest,
  seed: number,
  { width, height }: SdcppSize,
  model: string,
): unknown {
  return {
    auto_resize_ref_image: true,
    clip_skip: request.clipSkip,
    control_strength: new Float(0.9),
    generator: { commit: 'unknown', name: 'stable-diffusion.cpp', version: 'unknown' },
    height,
    hires:
      hires === undefined
        ? undefined
        : {
            custom_sigmas: [],
            denoising_strength: new Float(hires.denoising),
            enabled: true,
            model: '',
            scale: new Float(hires.scale),
            steps: hires.steps,
            target_height: hires.y,
            target_width: hires.x,
            upscale_tile_size: 128,
            upscaler: hires.upscaler,
          },
    increase_ref_index: false,
    ip_adapter_strength: new Float(1),
    mode: 'img_gen',
    models: { model, taesd: 'taesd-random.safetensors' },
    prompt: { negative: request.negative, positive: request.prompt },
    rng: 'cuda',
    sampling: {
      custom_sigmas: [],
      eta: null,
      extra_sample_args: '',
      flow_shift: null,
      guidance: {
        distilled_guidance: new Float(3.5),
        img_cfg: null,
        slg: {
          end: new Float(0.2),
          layers: [7, 8, 9],
          scale: new Float(0),
          start: new Float(0.01),
        },
        txt_cfg: new Float(request.cfg),
      },
      method: sampler,
      scheduler,
      shifted_timestep: 0,
      steps: request.steps,
    },
    schema: 'sdcpp.image.params/v1',
    seed,
    strength: new Float(request.strength ?? 0.75),
    width,
  }
}
