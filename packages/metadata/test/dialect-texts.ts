/** Texts as the servers and extensions write them, composed from what is known of their forms. */

export const a1111 = [
  'a lighthouse, (storm:1.2), "quoted", <lora:sea:0.7>',
  'two lines, Negative prompt: not here',
  'Negative prompt: lowres, text',
  'second negative line',
  'Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 4294967295, Size: 832x1216, Model hash: 31e35c80fc, Model: sd_xl_base_1.0, VAE hash: 235745af8d, VAE: sdxl_vae.safetensors, Denoising strength: 0.4, Clip skip: 2, Variation seed: 5, Variation seed strength: 0.25, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: R-ESRGAN 4x+, Hires prompt: "sharp, clear", Refiner: sd_xl_refiner_1.0 [7440042bbd], Refiner switch at: 0.8, Lora hashes: "sea: 1234567890ab, sky: ba0987654321", TI hashes: "neg: 66a7279a88dd", Version: v1.10.1',
].join('\n')

export const oldA1111 =
  'a cat\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, Size: 512x512, Model hash: 6ce0161689, ENSD: 31337, RNG: CPU, Version: v1.5.1'

export const forge =
  'a shop sign\nSteps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 7, Size: 896x1152, Model hash: 275ef623d3, Model: flux1-dev-Q8_0, Denoising strength: 0.3, Hires Module 1: Use same choices, Hires CFG Scale: 1, Hires upscale: 1.5, Hires steps: 8, Hires upscaler: R-ESRGAN 4x+, Version: f2.0.1v1.10.1-previous-635-gf5330788, Module 1: ae, Module 2: clip_l, Module 3: t5xxl_fp8_e4m3fn'

export const reforge =
  'a cat\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 2, Size: 512x640, Model: base, Version: f1.0.0v2-v1.10.1RC-latest-1234-gabcdef0'

export const sdnext = [
  'a harbour at dusk',
  'Negative prompt: blurry',
  'Steps: 20, Size: 1024x1024, Sampler: UniPC, Seed: 2866338129, CFG scale: 6, Batch: 1x2, Styles: "cinematic; film, grain", App: SD.Next, Version: 0c7038e, Pipeline: StableDiffusionXLPipeline, Operations: txt2img; hires, Model: juggernaut, Refine, Hires upscaler: Lanczos, Hires scale: 1.5, Hires force: True, Hires steps: 10, Hires strength: 0.35, Sampler sigma: karras',
].join('\n')

export const sdcpp = (prompt: string): string =>
  `${prompt}\nNegative prompt: blurry\nSteps: 2, CFG scale: 5.500000, Guidance: 3.500000, Eta: inf, Seed: 42, Size: 64x64, Model: tiny-sd15-random.safetensors, RNG: cuda, Sampler: dpm++2m karras, Hires upscale: Latent, Hires scale: 2.000000, Hires resize: 0x0, Hires steps: 0, Denoising strength: 0.700000, Version: stable-diffusion.cpp, SDCPP: ${JSON.stringify(
    {
      hires: { enabled: true, scale: 2, upscaler: 'Latent' },
      prompt: { negative: 'blurry', positive: prompt },
      sampling: { guidance: { txt_cfg: 5.5 }, method: 'dpm++2m', scheduler: 'karras', steps: 2 },
      seed: 42,
      width: 64,
    },
  )}`

export const adetailer =
  'a fisherman\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 3, Size: 512x768, Model: base, ADetailer model: face_yolov8n.pt, ADetailer prompt: "a face, [SEP], smiling", ADetailer confidence: 0.3, ADetailer dilate erode: 4, ADetailer mask blur: 4, ADetailer denoising strength: 0.35, ADetailer inpaint only masked: True, ADetailer inpaint padding: 32, ADetailer model 2nd: hand_yolov8n.pt, ADetailer confidence 2nd: 0.35, ADetailer dilate erode 2nd: 4, ADetailer mask blur 2nd: 4, ADetailer denoising strength 2nd: 0.3, ADetailer inpaint only masked 2nd: True, ADetailer inpaint padding 2nd: 32, ADetailer use separate steps 2nd: True, ADetailer steps 2nd: 30, ADetailer version: 25.3.0, Template: "a {fisherman|sailor}, wet", Version: v1.10.1'

export const inpaint =
  'a vase\nSteps: 20, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 3, Size: 1024x1024, Model: base, Denoising strength: 0.8, Mask blur: 8, Inpaint area: Only masked, Masked area padding: 64, Masked content: latent noise, Version: v1.10.1'
