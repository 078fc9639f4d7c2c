import { Crash, HttpError } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { validated } from '../http/validate.js'
import { bytesOf, encoded, pictureIn, textIn } from '../pictures/encode.js'
import type { Picture } from '../pictures/picture.js'
import type { World } from '../world.js'
import { encodingOf } from './generate.js'
import { checkMemory, megapixelsOf } from './job.js'
import { floorTo } from './size.js'
import { noteUnknown } from './values.js'

interface ExtrasValues {
  readonly resize_mode: number
  readonly upscaling_resize: number
  readonly upscaling_resize_w: number
  readonly upscaling_resize_h: number
  readonly upscaling_crop: boolean
  readonly upscaler_1: string
  readonly upscaler_2: string
  readonly extras_upscaler_2_visibility: number
  readonly gfpgan_visibility?: number
  readonly codeformer_visibility?: number
  readonly codeformer_weight?: number
}

/** extra-single-image: enlargement without diffusion. */
export async function extras(exchange: Exchange, world: World): Promise<Reply> {
  const { dialect } = world
  const image = {
    type: 'str' as const,
    default: '',
    ...(dialect.name === 'sdnext' ? { required: true } : {}),
  }
  const values = validated(exchange.body, { ...dialect.extras, image }, dialect)
  noteUnknown(exchange, { ...dialect.extras, image }, {}, '')
  const source = values['image']
  const done = await working(exchange, world, values as unknown as ExtrasValues, [source])
  return { json: { html_info: done[0]!.words, image: done[0]!.base64 } }
}

/** extra-batch-images: the same for `imageList: [{ data, name }]`. */
export async function extrasBatch(exchange: Exchange, world: World): Promise<Reply> {
  const { dialect } = world
  const imageList = { type: 'list' as const, default: null, required: true }
  const values = validated(exchange.body, { ...dialect.extras, imageList }, dialect)
  noteUnknown(exchange, { ...dialect.extras, imageList }, {}, '')
  const sources = (values['imageList'] as readonly unknown[]).map(
    (one) => (one as { data?: unknown } | null)?.data,
  )
  const done = await working(exchange, world, values as unknown as ExtrasValues, sources)
  return {
    json: {
      html_info: done.map(({ words }) => words).join(''),
      images: done.map(({ base64 }) => base64),
    },
  }
}

interface Done {
  readonly base64: string
  readonly words: string
}

async function working(
  exchange: Exchange,
  world: World,
  values: ExtrasValues,
  sources: readonly unknown[],
): Promise<Done[]> {
  noteIneffective(exchange, values)
  const { progress } = world
  const done = await world.lock.run(async () => {
    progress.begin('extras')
    // Counted before the work: progress reads 1.0 all the while.
    progress.job_count = 1
    progress.job_no = 1
    world.changed()
    const made: { picture: Picture; text: string | undefined; words: string }[] = []
    for (const source of sources) {
      const bytes = decodable(source)
      const input = await pictureIn(source)
      await exchange.during(1)
      checkFaults(exchange, world)
      if (progress.interrupted) break
      const { picture, words } = await enlarge(input, values, world)
      await world.takes(world.latency.megapixel * megapixelsOf(picture.width, picture.height, 1))
      made.push({ picture, words, text: (await textIn(bytes))['parameters'] })
    }
    // Not in a `finally`, as there: after an exception the progress keeps telling of a job.
    progress.end()
    if (made.length < sources.length) throw new Crash('IndexError', 'list index out of range')
    world.finished++
    return made
  })
  return Promise.all(
    done.map(async ({ picture, text, words }) => ({
      base64: await encoded(picture, text, encodingOf(world)),
      words,
    })),
  )
}

function decodable(source: unknown): Buffer {
  const bytes = bytesOf(source)
  if (bytes.length === 0) throw new HttpError(500, 'Invalid encoded image')
  return bytes
}

/** Enlarging goes tile by tile: the limit of the graphics memory does not count here, a fault does. */
function checkFaults(exchange: Exchange, world: World): void {
  if (exchange.suffers('oom') || exchange.suffers('nan')) checkMemory({ world, exchange }, 1, 1, 1)
}

function noteIneffective(exchange: Exchange, values: ExtrasValues): void {
  const { body } = exchange
  const note = (names: readonly string[], why: string): void => {
    for (const name of names) if (Object.hasOwn(body as object, name)) exchange.ignore(name, why)
  }
  note(['upscale_first'], 'the order is an option of the server')
  note(['show_extras_results'], 'acts on the page only')
  if (values.upscaler_1 === 'None')
    exchange.ignore('upscaler_1', '"None": the picture comes back as it is')
  if (values.resize_mode === 0)
    note(
      ['upscaling_resize_w', 'upscaling_resize_h', 'upscaling_crop'],
      'acts only with resize_mode 1',
    )
  else note(['upscaling_resize'], 'acts only with resize_mode 0')
}

async function enlarge(
  input: Picture,
  values: ExtrasValues,
  world: World,
): Promise<{ picture: Picture; words: string }> {
  const { upscaler_1: upscaler, upscaler_2: second, extras_upscaler_2_visibility: share } = values
  for (const name of [upscaler, second])
    if (name !== '' && !world.dialect.upscalers.some((one) => one.name === name))
      throw new Crash('AssertionError', `could not find upscaler named ${name}`)
  const nothing = upscaler === 'None' || upscaler === ''
  const restores = (values.gfpgan_visibility ?? 0) > 0 || (values.codeformer_visibility ?? 0) > 0
  if (nothing && !restores) return { picture: input, words: '' }
  const target = nothing ? input : extrasSize(input, values)
  const picture = await world.painter.enlarged(
    {
      mode: 'extras',
      where: 'server',
      resize_mode: 1,
      upscaling_resize_w: target.width,
      upscaling_resize_h: target.height,
      upscaling_crop: values.resize_mode === 1 && values.upscaling_crop,
      upscaler_1: upscaler === '' ? 'None' : upscaler,
      ...(second === 'None' || second === '' ? {} : { upscaler_2: second }),
      extras_upscaler_2_visibility: share,
      gfpgan_visibility: values.gfpgan_visibility ?? 0,
      codeformer_visibility: values.codeformer_visibility ?? 0,
      codeformer_weight: values.codeformer_weight ?? 0,
    },
    input,
  )
  const words = nothing
    ? ''
    : `<p>Postprocess upscale by: ${String(values.upscaling_resize)}, Postprocess upscaler: ${upscaler}</p>`
  return { picture, words }
}

/** By factor to whole eights; or to a size, which is covered and then cropped, or covered only. */
function extrasSize(
  { width, height }: Picture,
  values: ExtrasValues,
): { width: number; height: number } {
  if (values.resize_mode === 0)
    return {
      width: floorTo(width * values.upscaling_resize, 8),
      height: floorTo(height * values.upscaling_resize, 8),
    }
  const { upscaling_resize_w: w, upscaling_resize_h: h } = values
  if (values.upscaling_crop) return { width: w, height: h }
  const factor = Math.max(w / width, h / height)
  return { width: floorTo(width * factor, 8), height: floorTo(height * factor, 8) }
}
