import type { Field, Fields } from '../data/fields.js'
import type { Reply } from '../http/exchange.js'
import { type Route, uiGet } from '../http/route.js'
import type { World } from '../world.js'

/** `/openapi.json`: the one place where A1111 and its forks tell every field they take. SD.Next has it only with
 *  `--docs`. */
export function openapiRoutes(world: World, routes: () => readonly Route[]): readonly Route[] {
  if (world.dialect.name === 'sdnext') return []
  // Not one of /internal: it is there with --nowebui too.
  return [{ ...uiGet('/openapi.json', () => document(world, routes())), by: 'extension' }]
}

function document(world: World, routes: readonly Route[]): Reply {
  const { fields, extras, pydantic } = world.dialect
  const image: Field = { type: 'str', default: '' }
  const old = pydantic === 'v1'
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { path, method } of routes)
    if (!path.startsWith('/__fake/'))
      (paths[path] ??= {})[method.toLowerCase()] = { responses: { 200: { description: '' } } }
  return {
    json: {
      openapi: old ? '3.0.2' : '3.1.0',
      info: { title: 'FastAPI', version: '0.1.0' },
      paths,
      components: {
        schemas: {
          StableDiffusionProcessingTxt2Img: schema(
            'StableDiffusionProcessingTxt2Img',
            fields.txt2img,
            old,
          ),
          StableDiffusionProcessingImg2Img: schema(
            'StableDiffusionProcessingImg2Img',
            fields.img2img,
            old,
          ),
          ExtrasSingleImageRequest: schema('ExtrasSingleImageRequest', { ...extras, image }, old),
        },
      },
    },
  }
}

function schema(title: string, fields: Fields, old: boolean): unknown {
  return {
    title,
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, property(name, field, old)]),
    ),
  }
}

const types: Readonly<Record<Field['type'], object>> = {
  str: { type: 'string' },
  int: { type: 'integer' },
  float: { type: 'number' },
  bool: { type: 'boolean' },
  list: { type: 'array', items: {} },
  strs: { type: 'array', items: { type: 'string' } },
  dict: { type: 'object' },
}

function property(name: string, { type, default: value }: Field, old: boolean): unknown {
  const title = name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
  const given = value === null ? {} : { default: value }
  return old
    ? { title, ...types[type], ...given }
    : { anyOf: [types[type], { type: 'null' }], title, ...given }
}
