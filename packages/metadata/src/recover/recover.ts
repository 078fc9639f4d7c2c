import { parseComfy } from '../comfy/parse.js'
import type { PictureMetadata } from '../files/read.js'
import { readPairs } from '../infotext/pairs.js'
import { parseInfotext, type ParsedInfotext } from '../infotext/parse.js'
import { recoverAdetailer } from './adetailer.js'
import { fromBlock } from './from-block.js'
import { loseTheRest } from './leftover.js'
import { recoverImg2Img, recoverRefiner } from './passes.js'
import { type FieldSource, type RecoveredRun, Recovery, sizeOf, Told } from './recovery.js'
import { recoverPassthrough, recoverPrompts, recoverSampling } from './sampling.js'
import { recoverUpscale } from './upscale.js'
import { wayOf } from './way.js'

/** A picture's size in pixels. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** Makes a run config from what a picture carries: from our own block without loss, else from its infotext, else from
 *  ComfyUI's graph, field by field. Nothing is dropped silently: `fields` says of each whether it was recovered, guessed
 *  or lost, and why. The config always has a generating section, and passes `pipeline.parse` with the five stages;
 *  whether a server has the names in it, planning tells.
 *  @unit `picture`: decoded size in pixels, compared with what the settings would give */
export function recoverRunConfig(metadata: PictureMetadata, picture: PictureSize): RecoveredRun {
  if (metadata.block !== undefined) return fromBlock(metadata.block)
  const source =
    metadata.infotext === undefined && metadata.comfy !== undefined ? 'comfy' : 'infotext'
  const out = new Recovery(source)
  for (const { field, message } of metadata.problems) out.lose(field, message, sourceOf(field))
  const comfy = metadata.comfy === undefined ? undefined : parseComfy(metadata.comfy)
  if (source === 'comfy' && comfy === undefined) out.lose('comfy', 'the graph cannot be read')
  const own = metadata.infotext === undefined ? comfy : parseInfotext(metadata.infotext)
  const extras = readPairs(metadata.postprocessing ?? '')
  const parsed = own ?? { prompt: '', negative_prompt: '', pairs: [] }
  fromText(out, { ...parsed, pairs: [...parsed.pairs, ...extras] }, picture)
  if (source === 'comfy')
    for (const { id, class_type } of comfy?.unmapped ?? [])
      out.lose(`comfy[${JSON.stringify(id)}]`, `${class_type} has no place in a run file`)
  return out.result()
}

function fromText(out: Recovery, parsed: ParsedInfotext, picture: PictureSize): void {
  const told = new Told(parsed.pairs)
  const { dialect } = parsed
  const way = wayOf(told)
  const size = sizeOf(told.peek('Size'))
  recoverPrompts(out, parsed)
  const last = way.generating.at(-1) ?? 'txt2img'
  for (const name of way.generating) out.section(name)
  if (way.generating.length > 1)
    out.lose('txt2img', 'the text has the settings of img2img, which came after it', 'default')
  // The script for tiles leaves its strength where img2img has its own: it is asked first.
  const tiled = told.peek('SD upscale upscaler') !== undefined
  if (tiled) recoverUpscale(out, told, undefined)
  recoverRefiner(out, told, dialect, way, picture)
  recoverSampling(out, told, parsed, way, picture)
  if (last === 'img2img') recoverImg2Img(out, told, way)
  else if (dialect === 'sdcpp' && !way.told)
    out.lose('img2img', 'sd-server does not tell whether it began with a picture')
  recoverPassthrough(out, told, last)
  const expected = size === undefined ? undefined : grownFrom(out, size)
  const grown = expected === undefined ? undefined : picture.width / expected.width
  if (!tiled) recoverUpscale(out, told, grown)
  recoverAdetailer(out, told, way.units)
  loseTheRest(out, told, dialect)
  const { config } = out.result()
  if (config['upscale'] === undefined && expected !== undefined && !isNear(expected, picture))
    out.lose(
      'upscale',
      `the picture has ${picture.width}x${picture.height}, its settings give ${expected.width}x${expected.height}: something that is not told has resized it`,
      'picture',
    )
}

/** The size that the generating stages give with what is recovered; undefined when a pass leaves it open. */
function grownFrom(out: Recovery, size: PictureSize): PictureSize | undefined {
  const refiner = out.result().config['refiner'] as Readonly<Record<string, unknown>> | undefined
  if (refiner?.['enable_hr'] !== true) return size
  const { hr_scale: scale, hr_resize_x: x, hr_resize_y: y } = refiner
  if (typeof scale === 'number') return { width: size.width * scale, height: size.height * scale }
  return typeof x === 'number' && typeof y === 'number' && x > 0 && y > 0
    ? { width: x, height: y }
    : undefined
}

/** Servers round to a multiple of 8, sd-server to 64. */
function isNear(expected: PictureSize, picture: PictureSize): boolean {
  return (
    Math.abs(expected.width - picture.width) <= 64 &&
    Math.abs(expected.height - picture.height) <= 64
  )
}

function sourceOf(field: string): FieldSource {
  return field === 'block' || field === 'comfy' ? field : 'infotext'
}
