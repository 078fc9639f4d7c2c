import { sdcppSamplers, sdcppSchedulers } from '../data/samplers.js'
import { sdcppCapabilities } from '../data/sdcpp-capabilities.js'
import { Answer } from '../http/errors.js'
import type { Reply } from '../http/exchange.js'
import { get, post, type Route } from '../http/route.js'
import { modelName } from '../jobs/checkpoints.js'
import type { World } from '../world.js'
import { sdcppGenerate } from './generate.js'
import { written } from './json.js'
import { nativeRoutes } from './native-routes.js'

const json = (value: unknown): Reply => ({ json: value })

/** All that sd-server answers; everything else is 404 without a body, a wrong method too. */
export const sdcppRoutes: readonly Route[] = [
  post('/sdapi/v1/txt2img', (exchange, world) => sdcppGenerate('txt2img', exchange, world)),
  post('/sdapi/v1/img2img', (exchange, world) => sdcppGenerate('img2img', exchange, world)),
  get('/sdapi/v1/samplers', () =>
    json(['default', ...sdcppSamplers].map((name) => ({ aliases: [name], name, options: {} }))),
  ),
  get('/sdapi/v1/schedulers', () =>
    json(['default', ...sdcppSchedulers].map((name) => ({ label: name, name }))),
  ),
  get('/sdapi/v1/sd-models', (_, world) => json([model(world)])),
  get('/sdapi/v1/options', (_, world) =>
    json({
      samples_format: 'png',
      sd_model_checkpoint: modelName(world.checkpoints[0]!),
    }),
  ),
  get('/sdapi/v1/loras', (_, world) => {
    world.loraCacheFilled = true
    return json(world.loras.map((name) => ({ name, path: `${name}.safetensors` })))
  }),
  get('/sdapi/v1/upscalers', (_, { dialect }) =>
    json(
      dialect.upscalers.map(({ name, scale }) => ({
        model_name: null,
        model_path: null,
        model_url: null,
        name,
        scale,
      })),
    ),
  ),
  get('/sdapi/v1/latent-upscale-modes', (_, { dialect }) =>
    json(dialect.latentModes.map((name) => ({ name }))),
  ),
  get('/sdcpp/v1/capabilities', (_, world) => {
    world.loraCacheFilled = true
    return {
      text: written(capabilities(world)),
      headers: { 'content-type': 'application/json' },
    }
  }),
  ...nativeRoutes,
  // Known to exist; what they answer in detail is not.
  ...['/', '/v1/models'].map((path) => get(path, unknown)),
  ...['/v1/images/generations', '/v1/images/edits'].map((path) => post(path, unknown)),
]

function model(world: World): unknown {
  const name = modelName(world.checkpoints[0]!)
  return {
    config: null,
    filename: world.checkpoints[0]!.file.split('/').at(-1),
    hash: '8'.repeat(10),
    model_name: name,
    sha256: '8'.repeat(64),
    title: name,
  }
}

function capabilities(world: World): unknown {
  const { file } = world.checkpoints[0]!
  return {
    ...sdcppCapabilities,
    loras: world.loras.map((name) => ({ name, path: `${name}.safetensors` })),
    model: { name: file, path: `models/${file}`, stem: modelName(world.checkpoints[0]!) },
    samplers: sdcppSamplers,
    schedulers: sdcppSchedulers,
    upscalers: [
      ...world.dialect.upscalers,
      ...world.dialect.latentModes.map((name) => ({ name })),
    ].map(({ name }) => ({ name })),
  }
}

function unknown({ method, path }: { method: string; path: string }): never {
  throw new Answer(501, {
    error: 'not_implemented',
    message: `fake-webui does not know what ${method} ${path} answers`,
  })
}
