/** Upscalers as `GET /sdapi/v1/upscalers` lists them on a fresh installation.
 *  Source: the models that A1111 v1.10.1 offers by itself (ESRGAN, Real-ESRGAN, DAT, LDSR, ScuNET, SwinIR modules), and
 *  SD.Next's built-in and model upscalers. */

export interface UpscalerName {
  readonly name: string
  readonly model_name: string | null
  readonly model_path: string | null
  readonly model_url: string | null
  readonly scale: number
}

const builtIn = (name: string): UpscalerName => ({
  name,
  model_name: null,
  model_path: null,
  model_url: null,
  scale: 4,
})

const model = (name: string, file: string, scale = 4): UpscalerName => ({
  name,
  model_name: name,
  model_path: `/models/ESRGAN/${file}`,
  model_url: null,
  scale,
})

export const webuiUpscalers: readonly UpscalerName[] = [
  builtIn('None'),
  builtIn('Lanczos'),
  builtIn('Nearest'),
  { ...model('DAT x2', 'DAT_x2.pth', 2) },
  { ...model('DAT x4', 'DAT_x4.pth') },
  { ...model('ESRGAN_4x', 'ESRGAN_4x.pth') },
  { ...builtIn('LDSR') },
  { ...model('R-ESRGAN 4x+', 'RealESRGAN_x4plus.pth') },
  { ...model('R-ESRGAN 4x+ Anime6B', 'RealESRGAN_x4plus_anime_6B.pth') },
  { ...model('ScuNET GAN', 'ScuNET.pth') },
  { ...model('ScuNET PSNR', 'ScuNET_PSNR.pth') },
  { ...model('SwinIR_4x', 'SwinIR_4x.pth') },
]

export const sdnextUpscalers: readonly UpscalerName[] = [
  builtIn('None'),
  builtIn('Resize Lanczos'),
  builtIn('Resize Nearest'),
  builtIn('Resize Bicubic'),
  builtIn('Lanczos'),
  builtIn('Nearest'),
  builtIn('Latent Nearest'),
  builtIn('Latent Bilinear'),
  builtIn('Latent Bicubic'),
  model('ESRGAN 4x Valar', '4x_Valar.pth'),
  model('RealESRGAN 4x+', 'RealESRGAN_x4plus.pth'),
  model('RealESRGAN 4x+ Anime6B', 'RealESRGAN_x4plus_anime_6B.pth'),
]

/** Source: the recorded answer. */
export const sdcppUpscalers: readonly UpscalerName[] = ['None', 'Lanczos', 'Nearest'].map(builtIn)
