import { above, between, type Recovery, share, sizeOf, type Told, whole } from './recovery.js'

const side = whole(64, 16_384)
const extrasKeys = ['Postprocess upscaler', 'Postprocess upscale by', 'Postprocess upscale to']

/** The section `upscale`: what the page for extras, or the script "SD upscale", tells. `grown` is how much larger the
 *  picture is than its settings say; unset when that is not known. */
export function recoverUpscale(out: Recovery, told: Told, grown: number | undefined): void {
  if (told.peek('SD upscale upscaler') !== undefined) tiles(out, told, grown)
  else if (extrasKeys.some((key) => told.peek(key) !== undefined)) extras(out, told, grown)
}

function extras(out: Recovery, told: Told, grown: number | undefined): void {
  const upscaler = told.take('Postprocess upscaler')
  const by = told.take('Postprocess upscale by')
  const to = sizeOf(told.take('Postprocess upscale to'))
  const crop = told.take('Postprocess crop to')
  const second = told.take('Postprocess upscaler 2')
  const visibility = told.take('Postprocess upscaler 2 visibility')
  const gfpgan = told.take('Postprocess GFPGAN visibility', 'GFPGAN visibility')
  const codeformer = told.take('Postprocess CodeFormer visibility', 'CodeFormer visibility')
  const weight = told.take('Postprocess CodeFormer weight', 'CodeFormer weight')
  if (!names(out, upscaler)) return
  if (to !== undefined) {
    out.number('upscale.upscaling_resize_w', String(to.width), side)
    out.number('upscale.upscaling_resize_h', String(to.height), side)
    out.keep('upscale.upscaling_crop', crop !== undefined)
  } else factor(out, by, above(0, 8), grown)
  if (second !== undefined && second !== '' && second !== 'None') {
    out.keep('upscale.upscaler_2', second)
    if (visibility === undefined)
      out.lose('upscale.extras_upscaler_2_visibility', 'not told: the default is used', 'default')
    else out.number('upscale.extras_upscaler_2_visibility', visibility, share)
  }
  out.number('upscale.gfpgan_visibility', gfpgan, share)
  out.number('upscale.codeformer_visibility', codeformer, share)
  out.number('upscale.codeformer_weight', weight, share)
}

function tiles(out: Recovery, told: Told, grown: number | undefined): void {
  const upscaler = told.take('SD upscale upscaler')
  const by = told.take('SD upscale by')
  const tile = sizeOf(told.take('SD upscale tile'))
  const overlap = told.take('SD upscale overlap')
  const own = told.take('SD upscale denoising strength')
  // The script itself leaves its strength where img2img has its own.
  const strength = own ?? (by === undefined ? told.take('Denoising strength') : undefined)
  if (!names(out, upscaler)) return
  out.keep('upscale.mode', 'sd_upscale')
  factor(out, by, between(1, 4), grown)
  if (tile !== undefined) {
    out.number('upscale.tile_width', String(tile.width), side)
    out.number('upscale.tile_height', String(tile.height), side)
  }
  out.number('upscale.tile_overlap', overlap, whole(0, 256))
  out.number('upscale.denoising_strength', strength, share)
}

function names(out: Recovery, upscaler: string | undefined): boolean {
  const known = upscaler !== undefined && upscaler !== '' && upscaler.toLowerCase() !== 'none'
  if (known) out.keep('upscale.upscaler_1', upscaler)
  else out.lose('upscale', 'enlarged without an upscaler that is told')
  return known
}

function factor(
  out: Recovery,
  text: string | undefined,
  check: (value: unknown) => boolean,
  grown: number | undefined,
): void {
  const path = 'upscale.upscaling_resize'
  if (text !== undefined) out.number(path, text, check)
  else if (grown !== undefined && check(grown))
    out.guess(path, Math.round(grown * 100) / 100, 'not told: by the picture’s size', 'picture')
  else out.lose(path, 'not told: the default is used', 'default')
}
