/** The full chain: four pictures, two at a time; the high-res pass is a call of its own. */
export const chain = {
  prompt: 'portrait of a keeper, a lighthouse behind',
  model: 'v1-5-pruned-emaonly.safetensors',
  seed: 7,
  width: 64,
  height: 64,
  steps: 2,
  batch_size: 2,
  n_iter: 2,
  txt2img: {},
  refiner: {
    hr_strategy: 'own',
    enable_hr: true,
    hr_scale: 1.5,
    hr_upscaler: 'R-ESRGAN 4x+',
    denoising_strength: 0.3,
  },
  upscale: { upscaler_1: 'Lanczos', upscaling_resize: 1.5 },
  adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] },
}
