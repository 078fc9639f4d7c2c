import { Answer } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { get, post, type Route } from '../http/route.js'
import { byAlias, shortHash, title } from '../jobs/checkpoints.js'
import { extras, extrasBatch } from '../jobs/extras.js'
import type { World } from '../world.js'
import { detailRoute } from './detailer.js'
import { sdnextGenerate } from './generate.js'

/** What SD.Next has in place of A1111's, and besides. */
export const sdnextRoutes: readonly Route[] = [
  post('/sdapi/v1/txt2img', (exchange, world) => sdnextGenerate('txt2img', exchange, world)),
  post('/sdapi/v1/img2img', (exchange, world) => sdnextGenerate('img2img', exchange, world)),
  post('/sdapi/v1/extra-single-image', extras),
  post('/sdapi/v1/extra-batch-images', extrasBatch),
  post('/sdapi/v1/detail', detailRoute),
  get('/sdapi/v1/version', (_, { dialect }) => ({
    json: { app: 'sd.next', version: dialect.version, branch: 'master' },
  })),
  get('/sdapi/v1/status', (_, world) => ({ json: status(world) })),
  get('/sdapi/v1/checkpoint', (_, world) => ({ json: current(world) })),
  post('/sdapi/v1/checkpoint', setCheckpoint),
  get('/sdapi/v1/detailers', (_, { detectors }) => ({
    json: detectors.map((name) => ({ name, path: `/models/yolo/${name}.pt` })),
  })),
  ...['history', 'platform', 'options-info'].map((name) => get(`/sdapi/v1/${name}`, unknown)),
  ...['control', 'process', 'detect', 'mask', 'lock-checkpoint'].map((name) =>
    post(`/sdapi/v1/${name}`, unknown),
  ),
]

function status({ progress, lock, tasks }: World): unknown {
  return {
    status: progress.idle ? 'idle' : 'running',
    task: tasks.current ?? '',
    job: progress.job,
    jobs: progress.job_count,
    step: progress.sampling_step,
    steps: progress.sampling_steps,
    queued: Math.max(0, lock.size - 1),
    progress: progress.fraction,
    eta: progress.eta,
  }
}

function current({ loaded }: World): unknown {
  return loaded === undefined
    ? { type: null, class: null, title: null, hash: null }
    : {
        type: 'sdxl',
        class: 'StableDiffusionXLPipeline',
        title: title(loaded),
        hash: shortHash(loaded),
      }
}

async function setCheckpoint(exchange: Exchange, world: World): Promise<Reply> {
  const { sd_model_checkpoint: name } = (exchange.body ?? {}) as { sd_model_checkpoint?: unknown }
  const model = typeof name === 'string' ? byAlias(world.checkpoints, name) : undefined
  if (model === undefined) return { json: { ok: false } }
  await world.lock.run(() => {
    world.settings['sd_model_checkpoint'] = title(model)
    return world.load(model, exchange)
  })
  return { json: { ok: true } }
}

function unknown({ method, path }: { method: string; path: string }): never {
  throw new Answer(501, {
    error: 'not_implemented',
    detail: `fake-webui does not know what ${method} ${path} answers`,
  })
}
