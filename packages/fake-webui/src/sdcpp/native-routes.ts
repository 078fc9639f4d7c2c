import { Answer } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { get, post, type Route } from '../http/route.js'
import { withText } from '../pictures/chunks.js'
import { encoded } from '../pictures/encode.js'
import type { World } from '../world.js'
import { sdcppPictures } from './generate.js'
import { sdcppInfotext } from './infotext.js'
import { written } from './json.js'
import type { NativeJobs, NativeResult } from './native-jobs.js'
import { type NativeRequest, readNative } from './native-request.js'

/** `/sdcpp/v1`: jobs that are submitted, asked for, and cancelled as long as they wait.
 *  Source: leejet/stable-diffusion.cpp examples/server/routes_sdcpp.cpp, api.md */
export const nativeRoutes: readonly Route[] = [
  post('/sdcpp/v1/img_gen', async (exchange, world) => {
    const read = await readNative(exchange, world)
    if (world.nativeJobs.full) throw new Answer(429, { error: 'job queue is full' })
    let ended = (): void => {}
    exchange.outlive(new Promise((resolve) => (ended = resolve)))
    return json(
      world.nativeJobs.submit(() => made(read, exchange, world), ended),
      202,
    )
  }),
  post('/sdcpp/v1/vid_gen', ({ raw }) => {
    throw new Answer(400, {
      error: raw.length === 0 ? 'empty body' : 'loaded model does not support vid_gen',
    })
  }),
  get('/sdcpp/v1/jobs/:id', ({ path }, { nativeJobs }) =>
    json(nativeJobs.told(jobAt(path, nativeJobs))),
  ),
  post('/sdcpp/v1/jobs/:id/cancel', ({ path }, { nativeJobs }) => {
    const job = jobAt(path, nativeJobs)
    if (job.status === 'generating')
      throw new Answer(409, {
        error: 'job is currently generating and cannot be interrupted yet',
      })
    // One that has ended is told as it ended.
    if (job.status === 'queued') nativeJobs.cancel(job)
    return json(nativeJobs.told(job))
  }),
]

async function made(
  { request, drawing, format, quality, metadata }: NativeRequest,
  exchange: Exchange,
  world: World,
): Promise<NativeResult> {
  const pictures = await sdcppPictures(request, drawing, exchange, world).catch(
    (error: unknown) => {
      const said = error instanceof Answer ? (error.json as { error: string }).error : undefined
      throw said === undefined ? error : new Error(said)
    },
  )
  const images = pictures.map(async (picture, i) => {
    const text = (): string =>
      sdcppInfotext(request, drawing.seed + i, drawing.asked, world.checkpoints[0]!.file)
    const bytes =
      format === 'png' && metadata
        ? withText(picture.png, 'parameters', text(), true).toString('base64')
        : await encoded(picture, undefined, { format, quality, lossless: false, metadata })
    return { index: i, b64_json: bytes }
  })
  return { output_format: format, images: await Promise.all(images) }
}

function jobAt(path: string, jobs: NativeJobs): Exclude<ReturnType<NativeJobs['find']>, string> {
  const job = jobs.find(path.split('/')[4]!)
  if (job === 'gone') throw new Answer(410, { error: 'job expired' })
  if (job === 'unknown') throw new Answer(404, { error: 'job not found' })
  return job
}

function json(value: unknown, status = 200): Reply {
  return { status, text: written(value), headers: { 'content-type': 'application/json' } }
}
