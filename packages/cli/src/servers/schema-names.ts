import type { Capabilities, JsonSchema } from '@stagewright/core'

/** Which kinds of resource a field of a run file can name, wherever it stands; of a list, its entries. */
const kinds: Readonly<Record<string, string | readonly string[]>> = {
  model: 'model',
  vae: 'vae',
  additional_modules: 'module',
  styles: 'style',
  sampler_name: 'sampler',
  scheduler: 'scheduler',
  refiner_model_name: 'model',
  hr_upscaler: 'hires_upscaler',
  hr_checkpoint_name: 'model',
  hr_sampler_name: 'sampler',
  hr_scheduler: 'scheduler',
  hr_additional_modules: 'module',
  upscaler_1: ['upscaler', 'client_upscaler'],
  upscaler_2: ['upscaler', 'client_upscaler'],
  ad_model: 'detector',
  ad_checkpoint: 'model',
  ad_vae: 'vae',
  ad_sampler: 'sampler',
  ad_scheduler: 'scheduler',
  ad_controlnet_model: 'controlnet_model',
  ad_controlnet_module: 'controlnet_module',
  script_name: 'script',
}

/** The pages' words for "unset" are taken too. */
const words: Readonly<Record<string, string>> = {
  hr_checkpoint_name: 'Use same checkpoint',
  hr_sampler_name: 'Use same sampler',
  hr_scheduler: 'Use same scheduler',
  ad_checkpoint: 'Use same checkpoint',
  ad_sampler: 'Use same sampler',
  ad_scheduler: 'Use same scheduler',
}

/** The schema with a server's names as enums: its own ones first, then their aliases. A kind that the server does not
 *  list stays as it is. */
export function withServerNames(schema: JsonSchema, capabilities: Capabilities): JsonSchema {
  const named = (field: string): readonly string[] | undefined => {
    const of = Object.hasOwn(kinds, field) ? [kinds[field] ?? []].flat() : []
    const there = of.filter((kind) => capabilities.resources[kind] !== undefined)
    const lists = there.map((kind) => capabilities.resources[kind] ?? 'any')
    if (lists.length === 0 || lists.includes('any')) return undefined
    const word = words[field]
    const aliases = there.flatMap((kind) => Object.keys(capabilities.aliases?.[kind] ?? {}))
    return [...new Set([...lists.flat(), ...aliases, ...(word === undefined ? [] : [word])])]
  }
  const walk = (part: JsonSchema): JsonSchema => ({
    ...part,
    ...(part.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(part.properties).map(([key, value]) => {
              const names = named(key)
              return [key, names === undefined ? walk(value) : withEnum(value, names)]
            }),
          ),
        }),
    ...(typeof part.items === 'object' ? { items: walk(part.items) } : {}),
    ...(part.anyOf === undefined ? {} : { anyOf: part.anyOf.map((one) => walk(one)) }),
  })
  return walk(schema)
}

/** Only text is named: of a field that also takes something else, the rest stays. */
function withEnum(schema: JsonSchema, names: readonly string[]): JsonSchema {
  if (schema.anyOf !== undefined)
    return { ...schema, anyOf: schema.anyOf.map((one) => withEnum(one, names)) }
  if (schema.type === 'array' && typeof schema.items === 'object')
    return { ...schema, items: withEnum(schema.items, names) }
  return schema.type === 'string' ? { ...schema, enum: names } : schema
}
