import * as files from '../data/files.js'
import type { Reply } from '../http/exchange.js'
import { get, post, type Route, extensionGet, extensionPost } from '../http/route.js'
import { modelName, shortHash, title } from '../jobs/checkpoints.js'
import type { World } from '../world.js'

/** What the servers list of their files and names. */

const json = (value: unknown): Reply => ({ json: value })

const models = (world: World): Reply =>
  json(
    world.checkpoints.map((one) => ({
      title: title(one),
      model_name: modelName(one),
      hash: one.hashed ? shortHash(one) : null,
      sha256: one.hashed ? one.sha256 : null,
      filename: `/models/Stable-diffusion/${one.file}`,
      ...(world.dialect.name === 'sdnext' ? { type: 'safetensors' } : {}),
      config: null,
    })),
  )

const modules = (world: World): Reply =>
  json(world.dialect.modules.map((file) => ({ model_name: file, filename: `/models/VAE/${file}` })))

const samplers = ({ dialect }: World): Reply =>
  json(
    dialect.samplers.map(({ name, aliases, options = {} }) =>
      dialect.name === 'sdnext' ? { name, options } : { name, aliases, options },
    ),
  )

const schedulers = ({ dialect }: World): Reply =>
  json(
    dialect.name === 'sdnext'
      ? dialect.samplers.map(({ name }) => ({ name, cls: `${name}Scheduler`, options: {} }))
      : dialect.schedulers.map(({ name, label, aliases, default_rho, need_inner_model }) => ({
          name,
          label,
          aliases: aliases ?? null,
          default_rho,
          need_inner_model,
        })),
  )

const loras = (world: World): Reply =>
  json(
    world.loras.map((name) => ({
      name,
      alias: name,
      path: `/models/Lora/${name}.safetensors`,
      metadata: {},
    })),
  )

const embedding = {
  step: null,
  sd_checkpoint: null,
  sd_checkpoint_name: null,
  shape: 768,
  vectors: 8,
}

const embeddings = ({ dialect }: World): Reply =>
  json(
    dialect.name === 'sdnext'
      ? { loaded: files.embeddingNames, skipped: [] }
      : {
          loaded: Object.fromEntries(files.embeddingNames.map((name) => [name, embedding])),
          skipped: {},
        },
  )

const scripts = (world: World): Reply => {
  const tab = (kind: 'txt2img' | 'img2img'): string[] =>
    world.scripts.filter(({ tabs }) => tabs.includes(kind)).map((one) => one.title.toLowerCase())
  return json({ txt2img: tab('txt2img'), img2img: tab('img2img') })
}

const scriptInfo = (world: World): Reply =>
  json(
    (['txt2img', 'img2img'] as const).flatMap((tab) =>
      world.scripts
        .filter(({ tabs }) => tabs.includes(tab))
        .map((script) => ({
          name: script.title.toLowerCase(),
          is_alwayson: script.alwayson,
          is_img2img: tab === 'img2img',
          args: script.args(world).map((arg) => ({
            label: arg.label ?? '',
            value: arg.value,
            minimum: arg.minimum ?? null,
            maximum: arg.maximum ?? null,
            step: arg.step ?? null,
            choices: arg.choices ?? null,
          })),
        })),
    ),
  )

const refreshed = async (world: World): Promise<Reply> => {
  await world.lock.run(() => Promise.resolve())
  return done(world)
}

/** What a call without an answer answers. */
export const done = (world: World, value: unknown = null): Reply =>
  world.dialect.name === 'sdnext' ? { status: 204 } : { json: value }

const everywhere: readonly Route[] = [
  get('/sdapi/v1/sd-models', (_, world) => models(world)),
  get('/sdapi/v1/samplers', (_, world) => samplers(world)),
  get('/sdapi/v1/schedulers', (_, world) => schedulers(world)),
  get('/sdapi/v1/upscalers', (_, world) => json(world.dialect.upscalers)),
  get('/sdapi/v1/embeddings', (_, world) => embeddings(world)),
  get('/sdapi/v1/face-restorers', () =>
    json(files.faceRestorers.map((name) => ({ name, cmd_dir: null }))),
  ),
  get('/sdapi/v1/prompt-styles', () => json(files.styleNames)),
  get('/sdapi/v1/extensions', (_, world) => json(extensions(world))),
  get('/sdapi/v1/scripts', (_, world) => scripts(world)),
  get('/sdapi/v1/script-info', (_, world) => scriptInfo(world)),
  get('/sdapi/v1/cmd-flags', (_, world) => json(flags(world))),
  get('/sdapi/v1/memory', (_, world) => json(memory(world))),
  post('/sdapi/v1/refresh-checkpoints', (_, world) => refreshed(world)),
  post('/sdapi/v1/refresh-vae', (_, world) => refreshed(world)),
  post('/sdapi/v1/refresh-embeddings', (_, world) => refreshed(world)),
  extensionGet('/sdapi/v1/loras', (_, world) => loras(world)),
  extensionPost('/sdapi/v1/refresh-loras', (_, world) => done(world)),
]

const notSdnext: readonly Route[] = [
  get('/sdapi/v1/latent-upscale-modes', (_, world) =>
    json(world.dialect.latentModes.map((name) => ({ name }))),
  ),
  get('/sdapi/v1/hypernetworks', () => json([])),
  get('/sdapi/v1/realesrgan-models', () =>
    json([
      { name: 'R-ESRGAN 4x+', path: null, scale: 4 },
      { name: 'R-ESRGAN 4x+ Anime6B', path: null, scale: 4 },
    ]),
  ),
]

export function listingRoutes(world: World): readonly Route[] {
  const vae = get(
    world.dialect.name === 'forge' ? '/sdapi/v1/sd-modules' : '/sdapi/v1/sd-vae',
    (_, { dialect }) => modules({ dialect } as World),
  )
  return [...everywhere, vae, ...(world.dialect.name === 'sdnext' ? [] : notSdnext)]
}

function extensions({ scripts: all }: World): unknown {
  return all
    .filter(({ title: name }) => name === 'ADetailer' || name === 'ControlNet')
    .map(({ title: name }) => ({
      name: name.toLowerCase(),
      remote: '',
      branch: 'main',
      commit_hash: '',
      version: '',
      commit_date: 0,
      enabled: true,
    }))
}

/** Every flag of the command line: the password too. */
function flags({ options }: World): unknown {
  return {
    api: options.apiEnabled !== false,
    api_auth: options.auth ?? null,
    api_log: false,
    api_server_stop: false,
    nowebui: options.ui === false,
    port: options.port ?? null,
    listen: false,
    medvram: false,
    lowvram: false,
    xformers: false,
    no_half_vae: false,
    disable_nan_check: false,
    ckpt_dir: null,
    data_dir: '/',
  }
}

function memory({ loaded }: World): unknown {
  const gib = 1024 ** 3
  const used = loaded === undefined ? gib : 5 * gib
  const both = { current: used, peak: used }
  return {
    ram: { free: 12 * gib, used: 4 * gib, total: 16 * gib },
    cuda: {
      system: { free: 8 * gib - used, used, total: 8 * gib },
      active: both,
      allocated: both,
      reserved: both,
      inactive: { current: 0, peak: 0 },
      events: { retries: 0, oom: 0 },
    },
  }
}
