import { Crash } from '../http/errors.js'
import { drawing } from '../jobs/draw.js'
import { checkMemory, sample } from '../jobs/job.js'
import { img2imgSteps } from '../jobs/passes.js'
import { floorTo } from '../jobs/size.js'
import type { Picture } from '../pictures/picture.js'
import type { Script } from './script.js'

/** The script "SD upscale" of img2img: enlarges, then redraws tile by tile; width and height are the tile's. */
export const sdUpscale: Script = {
  title: 'SD upscale',
  alwayson: false,
  tabs: ['img2img'],
  args: ({ dialect }) => [
    { label: '', value: null },
    { label: 'Tile overlap', value: 64, minimum: 0, maximum: 256, step: 16 },
    { label: 'Upscaler', value: 'None', choices: dialect.upscalers.map(({ name }) => name) },
    { label: 'Scale Factor', value: 2, minimum: 1, maximum: 4, step: 0.05 },
  ],
  run: async (args, job) => {
    if (args.length !== 4)
      throw new Crash(
        'TypeError',
        `Script.run() takes 6 positional arguments but ${String(args.length + 2)} were given`,
      )
    const { world, values, exchange } = job
    const [, overlap, chosen, factor] = args
    const { upscalers } = world.dialect
    const upscaler =
      typeof chosen === 'number'
        ? upscalers[chosen]?.name
        : upscalers.find(({ name }) => name === chosen)?.name
    if (upscaler === undefined || typeof factor !== 'number')
      throw new Crash('IndexError', 'list index out of range')
    const input = job.inputs[0]!
    const scale = upscaler === 'None' ? 1 : factor
    if (upscaler === 'None') exchange.ignore('script_args[2]', '"None": nothing is enlarged')
    const tile = { width: floorTo(job.width, 8), height: floorTo(job.height, 8) }
    checkMemory(job, tile.width, tile.height, 1)
    await world.load(job.base, exchange)
    const lap = Number(overlap)
    // Source: A1111 modules/images.py: split_grid
    if (lap === tile.width || lap === tile.height)
      throw new Crash('ZeroDivisionError', 'division by zero')
    if (lap > Math.min(tile.width, tile.height))
      exchange.ignore('script_args[1]', 'larger than a tile: none is redrawn')
    const tiles =
      Math.max(1, Math.ceil((input.width * scale - lap) / Math.max(8, tile.width - lap))) *
      Math.max(1, Math.ceil((input.height * scale - lap) / Math.max(8, tile.height - lap)))
    const made: Picture[] = []
    world.progress.job_count = tiles * values.n_iter
    for (let n = 0; n < values.n_iter; n++) {
      for (let i = 0; i < tiles && !world.progress.interrupted; i++) {
        await sample(job, img2imgSteps(job), (tile.width * tile.height) / 1e6)
        world.progress.next()
      }
      const { batch_size: _batch, ...sampling } = drawing(job, 0, 1, job.steps)
      made.push(
        await world.painter.enlarged(
          {
            ...sampling,
            mode: 'sd_upscale',
            seed: job.seeds[0]! + n,
            upscaler_1: upscaler,
            upscaling_resize: scale,
            tile_width: tile.width,
            tile_height: tile.height,
            tile_overlap: lap,
            denoising_strength: values.denoising_strength,
          },
          input,
        ),
      )
    }
    job.extra.set('SD upscale overlap', String(lap))
    job.extra.set('SD upscale upscaler', upscaler)
    return made
  },
}
