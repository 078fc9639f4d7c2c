import { Crash } from '../http/errors.js'
import type { Exchange } from '../http/exchange.js'
import type { World } from '../world.js'
import { byAlias, title } from './checkpoints.js'
import type { Values } from './values.js'

const restricted = new Set(['api_enable_requests', 'api_forbid_local_requests', 'api_useragent'])

/** Sets a request's options, and gives back what puts the former values in their place. What was loaded stays loaded.
 *  @throws {Crash} KeyError for a key that the server has no option for; of SD.Next too: modules/processing.py,
 *  process_images */
export function override(values: Values, world: World, exchange: Exchange): () => void {
  const wanted = values.override_settings ?? {}
  const before: Record<string, unknown> = {}
  const restore = (): void => {
    if (!values.override_settings_restore_afterwards) return
    Object.assign(world.settings, before)
    const current = before['sd_model_checkpoint']
    // The title may have gained its hash in the meantime.
    if (typeof current === 'string')
      world.settings['sd_model_checkpoint'] = retitled(world, current)
  }
  for (const [key, value] of Object.entries(wanted)) {
    const field = `override_settings.${key}`
    if (!Object.hasOwn(world.settings, key)) {
      restore()
      throw new Crash('KeyError', `'${key}'`)
    }
    if (restricted.has(key)) {
      exchange.ignore(field, 'cannot be set through the API')
      continue
    }
    if (key === 'samples_format' && values.override_settings_restore_afterwards)
      exchange.ignore(field, 'pictures are encoded after the options were restored')
    if (key === 'sd_vae' && world.dialect.name === 'forge')
      exchange.ignore(field, 'managed by Forge: use forge_additional_modules')
    if (key === 'sd_model_checkpoint') {
      const model = byAlias(world.checkpoints, String(value))
      if (model === undefined) {
        exchange.ignore(field, `"${String(value)}" is unknown: the current model is used`)
        continue
      }
      before[key] = world.settings[key]
      world.settings[key] = title(model)
      continue
    }
    before[key] = world.settings[key]
    world.settings[key] = value
  }
  return restore
}

/** Notes fields of samplers that an option of the same name outdoes, because it is not at its default.
 *  Source: A1111 modules/sd_samplers_common.py: Sampler.initialize */
export function noteOutdone(
  values: Values,
  { dialect, settings }: World,
  exchange: Exchange,
): void {
  for (const key of ['s_churn', 's_tmin', 's_tmax', 's_noise'])
    if (
      typeof values[key] === 'number' &&
      settings[key] !== dialect.options[key] &&
      settings[key] !== values[key]
    )
      exchange.ignore(key, 'the option of this name is not at its default, and decides')
}

function retitled(world: World, name: string): string {
  const model = byAlias(world.checkpoints, name)
  return model === undefined ? name : title(model)
}
