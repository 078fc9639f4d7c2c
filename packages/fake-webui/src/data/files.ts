/** What stands in the model folders of a fake server unless the options say otherwise. The file names are those of the
 *  models' own releases; hashes are made from the names. */

export const webuiModels: readonly string[] = [
  'v1-5-pruned-emaonly.safetensors',
  'sd_xl_base_1.0.safetensors',
  'sd_xl_refiner_1.0.safetensors',
]

export const forgeModels: readonly string[] = [...webuiModels, 'flux1-dev-Q8_0.gguf']

/** Source: recorded get_sd-models. */
export const sdcppModels: readonly string[] = ['tiny-sd15-random.safetensors']

export const vaeFiles: readonly string[] = [
  'vae-ft-mse-840000-ema-pruned.safetensors',
  'sdxl_vae.safetensors',
]

/** Forge lists VAEs and text encoders together under /sd-modules. */
export const forgeModules: readonly string[] = [
  ...vaeFiles,
  'ae.safetensors',
  'clip_l.safetensors',
  't5xxl_fp8_e4m3fn.safetensors',
]

export const loraFiles: readonly string[] = ['add_detail', 'watercolour']

export const embeddingNames: readonly string[] = ['EasyNegative']

export const styleNames: readonly { name: string; prompt: string; negative_prompt: string }[] = [
  { name: 'photo', prompt: '{prompt}, 85mm photo', negative_prompt: 'painting' },
  { name: 'watercolour', prompt: 'watercolour of {prompt}', negative_prompt: '' },
]

/** Source: the models that ADetailer 25.3.0 offers by itself. */
export const adetailerModels: readonly string[] = [
  'face_yolov8n.pt',
  'face_yolov8s.pt',
  'hand_yolov8n.pt',
  'person_yolov8n-seg.pt',
  'person_yolov8s-seg.pt',
  'yolov8x-worldv2.pt',
  'mediapipe_face_full',
  'mediapipe_face_short',
  'mediapipe_face_mesh',
  'mediapipe_face_mesh_eyes_only',
]

/** Source: the names that SD.Next's built-in detailer offers. */
export const sdnextDetectors: readonly string[] = [
  'face-yolo8n',
  'face-yolo8m',
  'hand_yolov8n',
  'person_yolov8n-seg',
  'eyes-v1',
]

export const controlnetModels: readonly string[] = [
  'control_v11p_sd15_canny [d14c016b]',
  'control_v11f1p_sd15_depth [cfd03158]',
  'control_v11p_sd15_openpose [cab727d4]',
]

export const controlnetModules: readonly string[] = [
  'none',
  'canny',
  'depth_midas',
  'openpose',
  'lineart_standard',
  'tile_resample',
]

export const faceRestorers: readonly string[] = ['CodeFormer', 'GFPGAN']
