export const initKinds = ['portrait', 'restyle', 'inpaint', 'upscale'] as const

const head = `# A run file of stagewright. See what it does: stagewright plan, then stagewright run.
# \`stagewright schema > stagewright.schema.json\` lets an editor complete the keys.
`

/** A commented run file of each kind. */
export const initFiles: Readonly<Record<(typeof initKinds)[number], string>> = {
  portrait: `${head}
# Shared fields: every stage that makes pictures starts from them.
preset: xl # sd, xl or flux: the usual size, sampler and cfg of these models
prompt: "portrait photo of a gardener in a straw hat, greenhouse, soft morning light, 85mm"
negative_prompt: "blurry, lowres, extra fingers"
# model: sd_xl_base_1.0 # unset: the one that the server has loaded
seed: -1 # -1: a new one each time; the run prints it
width: 832
height: 1216
steps: 28
# batch_size: 1 # pictures in one call
# n_iter: 1 # calls

# A section switches its stage on; nothing after the name means its defaults.
txt2img:

# The high-res pass: enlarge, then redraw with more detail.
refiner:
  enable_hr: true
  hr_scale: 1.25
  hr_upscaler: R-ESRGAN 4x+
  hr_second_pass_steps: 14 # 0: as many as steps
  denoising_strength: 0.35 # 0 keeps everything, 1 redraws everything
  # refiner_enabled: true # a second model that takes over within the pass
  # refiner_model_name: sd_xl_refiner_1.0
  # refiner_switch_at: 0.8

# Enlarges without redrawing.
upscale:
  upscaler_1: R-ESRGAN 4x+
  upscaling_resize: 1.5

# Finds faces and hands, and redraws each of them. Always last.
adetailer:
  units:
    - name: face
      ad_model: face_yolov8n.pt
      ad_denoising_strength: 0.35
    - name: hands
      ad_model: hand_yolov8n.pt
      ad_denoising_strength: 0.3
`,
  restyle: `${head}
preset: xl
prompt: "oil painting of a harbour town at dusk, thick brush strokes"
# seed: 7

# Redraws pictures that you have.
img2img:
  init_images: # paths, folders or globs, relative to this file
    - photos/*.jpg
  # width: 1216 # the height follows; without both, the picture's own size
  denoising_strength: 0.55 # 0 keeps the picture, 1 forgets it
  n_iter: 1 # variations of each picture

refiner:
  enable_hr: true
  hr_scale: 1.5
  hr_upscaler: R-ESRGAN 4x+
  denoising_strength: 0.3
`,
  inpaint: `${head}
preset: xl
prompt: "a terracotta vase with dried flowers on the desk, soft window light"

# Redraws what the mask covers, and leaves every other pixel.
img2img:
  init_images: [photos/desk.png]
  mask: photos/desk-mask.png # white is redrawn; the same size as the picture
  mask_blur: 8 # pixels
  inpainting_fill: original # fill, original, noise or nothing
  inpaint_full_res: true # work on the masked part alone, at width x height
  inpaint_full_res_padding: 64 # pixels around the mask that are seen too
  width: 1024
  height: 1024
  denoising_strength: 0.8
  # n_iter: 2 # variations
`,
  upscale: `${head}
# Starts from pictures that you have, and makes none from nothing.
input_images: # paths, folders or globs, relative to this file
  - photos/*.png

# Enlarges without redrawing. A stage that redraws takes the shared fields, which may stand above: prompt, model, steps …
upscale:
  upscaler_1: R-ESRGAN 4x+
  upscaling_resize: 2

# adetailer:
#   units:
#     - name: face
#       ad_model: face_yolov8n.pt
`,
}
