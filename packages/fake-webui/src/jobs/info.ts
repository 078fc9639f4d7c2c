import { modelName, shortHash } from './checkpoints.js'
import type { Job } from './job.js'

/** The object behind the `info` string. Width and height are the first pass's; nothing tells of an interruption. */
export function infoOf(job: Job, infotexts: readonly string[], first: number) {
  const { values, world, base, sampler } = job
  const { settings } = world
  return {
    prompt: job.prompts[0],
    all_prompts: job.prompts,
    negative_prompt: job.negatives[0],
    all_negative_prompts: job.negatives,
    seed: job.seeds[0],
    all_seeds: job.seeds,
    subseed: job.subseeds[0],
    all_subseeds: job.subseeds,
    subseed_strength: values.subseed_strength,
    width: job.width,
    height: job.height,
    sampler_name: sampler.sampler,
    cfg_scale: values.cfg_scale,
    steps: job.steps,
    batch_size: values.batch_size,
    restore_faces: values.restore_faces ?? settings['face_restoration'] === true,
    face_restoration_model:
      values.restore_faces === true ? settings['face_restoration_model'] : null,
    sd_model_name: modelName(base),
    sd_model_hash: base.hashed ? shortHash(base) : null,
    sd_vae_name: settings['sd_vae'] === 'Automatic' ? null : (settings['sd_vae'] ?? null),
    sd_vae_hash: null,
    seed_resize_from_w: values['seed_resize_from_w'],
    seed_resize_from_h: values['seed_resize_from_h'],
    denoising_strength:
      job.kind === 'img2img' || values.enable_hr === true ? values.denoising_strength : null,
    extra_generation_params: Object.fromEntries(job.extra),
    index_of_first_image: first,
    infotexts,
    styles: values.styles ?? [],
    job_timestamp: job.began,
    clip_skip: settings['CLIP_stop_at_last_layers'],
    is_using_inpainting_conditioning: false,
    version: world.dialect.version,
  }
}
