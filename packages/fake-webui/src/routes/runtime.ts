import type { Exchange, Reply } from '../http/exchange.js'
import { get, post, type Route, uiGet, uiPost } from '../http/route.js'
import { plain } from '../pictures/picture.js'
import type { World } from '../world.js'
import { done } from './listings.js'

/** Progress and interruption: none of these waits for the lock. */
export const runtimeRoutes: readonly Route[] = [
  get('/sdapi/v1/progress', progress),
  post('/sdapi/v1/interrupt', (_, world) => {
    // Hits whatever runs; a job still to come resets the flag when it begins.
    world.progress.interrupt()
    return done(world, {})
  }),
  post('/sdapi/v1/skip', (_, world) => {
    world.progress.skip()
    return done(world)
  }),
  uiGet('/internal/ping', () => ({ json: {} })),
  uiGet('/internal/pending-tasks', (_, { tasks }) => ({
    json: { size: tasks.pending.length, tasks: tasks.pending },
  })),
  uiPost('/internal/progress', taskProgress),
  uiGet('/internal/sysinfo', (_, { dialect, settings }) => ({
    text: JSON.stringify({ Version: dialect.version, Config: settings }, undefined, 4),
  })),
]

async function progress({ query }: Exchange, world: World): Promise<Reply> {
  const { progress: now, dialect } = world
  const skip = /^(true|1|yes|on)$/iu.test(query.get('skip_current_image') ?? '')
  const shown = skip || now.idle ? undefined : await preview(world)
  return {
    json: {
      ...(dialect.name === 'sdnext' ? { id: now.idle ? '' : (world.tasks.current ?? '') } : {}),
      progress: now.fraction,
      eta_relative: now.eta,
      state: now.state,
      current_image: shown ?? null,
      textinfo: now.textinfo,
    },
  }
}

async function taskProgress({ body }: Exchange, world: World): Promise<Reply> {
  const asked = (body ?? {}) as {
    id_task?: unknown
    id_live_preview?: unknown
    live_preview?: unknown
  }
  const status = world.tasks.status(String(asked.id_task))
  const seen = typeof asked.id_live_preview === 'number' ? asked.id_live_preview : -1
  if (!status.active)
    return {
      json: {
        ...status,
        progress: null,
        eta: null,
        live_preview: null,
        id_live_preview: -1,
        textinfo: status.queued ? 'Waiting...' : null,
      },
    }
  const { progress: now } = world
  const image = asked.live_preview === false || now.idle ? undefined : await preview(world)
  const id = now.sampling_step
  return {
    json: {
      ...status,
      progress: now.done,
      eta: now.done > 0 ? now.eta : null,
      live_preview: image === undefined || id === seen ? null : `data:image/png;base64,${image}`,
      id_live_preview: image === undefined ? seen : id,
      textinfo: now.textinfo,
    },
  }
}

/** A grey that grows lighter step by step. */
async function preview({ settings, progress: now }: World): Promise<string | undefined> {
  if (settings['live_previews_enable'] !== true || now.sampling_step === 0) return undefined
  const share = now.sampling_step / Math.max(1, now.sampling_steps)
  const grey = Math.round(64 + 128 * share)
    .toString(16)
    .padStart(2, '0')
  const { png } = await plain(64, 64, `#${grey}${grey}${grey}`)
  return Buffer.from(png).toString('base64')
}
