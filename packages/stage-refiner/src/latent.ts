/** Latent modes resize before decoding. @source WebUI modules/shared_items.py: latent_upscale_modes */
export function isLatent(upscaler: string): boolean {
  return upscaler === 'Latent' || upscaler.startsWith('Latent (')
}
