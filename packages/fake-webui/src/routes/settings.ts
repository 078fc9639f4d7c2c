import { Crash } from '../http/errors.js'
import type { Exchange, Reply } from '../http/exchange.js'
import { get, post, type Route } from '../http/route.js'
import { byAlias, title } from '../jobs/checkpoints.js'
import type { World } from '../world.js'
import { done } from './listings.js'

export const settingsRoutes: readonly Route[] = [
  get('/sdapi/v1/options', (_, world) => ({ json: world.settings })),
  post('/sdapi/v1/options', setOptions),
  post('/sdapi/v1/unload-checkpoint', (_, world) => {
    world.loaded = undefined
    world.changed()
    return done(world, {})
  }),
  post('/sdapi/v1/reload-checkpoint', async (exchange, world) => {
    // A no-op in Forge and reForge.
    if (world.dialect.name === 'a1111' || world.dialect.name === 'sdnext')
      await world.load(world.currentModel, exchange)
    return done(world, {})
  }),
]

/** Not guarded by the lock, but for a new checkpoint in A1111: a change can land in the middle of a job.
 *  @throws {Crash} RuntimeError "model … not found", KeyError */
async function setOptions(exchange: Exchange, world: World): Promise<Reply> {
  const wanted = (exchange.body ?? {}) as Record<string, unknown>
  const tolerant = world.dialect.name === 'sdnext'
  const updated: Record<string, boolean>[] = []
  const name = wanted['sd_model_checkpoint']
  if (typeof name === 'string' && byAlias(world.checkpoints, name) === undefined && !tolerant)
    throw new Crash('RuntimeError', `model '${name}' not found`)
  for (const [key, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(world.settings, key)) {
      if (!tolerant) throw new Crash('KeyError', `'${key}'`)
      exchange.ignore(key, 'not an option of this server')
      updated.push({ [key]: false })
      continue
    }
    if (key === 'sd_model_checkpoint') {
      const model = byAlias(world.checkpoints, String(value))
      updated.push({ [key]: model !== undefined })
      if (model === undefined) exchange.ignore(key, `"${String(value)}" is not a model here`)
      else await switchTo(title(model), exchange, world)
      continue
    }
    world.settings[key] = value
    updated.push({ [key]: true })
  }
  return tolerant ? { json: { updated } } : { json: null }
}

/** A1111 and reForge load at once, after the running job; Forge with the next generation. */
async function switchTo(name: string, exchange: Exchange, world: World): Promise<void> {
  if (world.dialect.name === 'forge') {
    world.settings['sd_model_checkpoint'] = name
    return
  }
  await world.lock.run(async () => {
    world.settings['sd_model_checkpoint'] = name
    await world.load(world.currentModel, exchange)
  })
}
