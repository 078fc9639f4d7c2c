import { Answer } from '../http/errors.js'
import { post, type Route } from '../http/route.js'
import { sdcppRoutes } from '../sdcpp/routes.js'
import { sdnextRoutes } from '../sdnext/routes.js'
import type { World } from '../world.js'
import { type Control, controlRoutes } from './control.js'
import { generationRoutes } from './generation.js'
import { listingRoutes } from './listings.js'
import { openapiRoutes } from './openapi.js'
import { pngInfoRoutes } from './png-info.js'
import { runtimeRoutes } from './runtime.js'
import { settingsRoutes } from './settings.js'

/** All routes of a server, its scripts' included. */
export function routesFor(world: World, control: Control): readonly Route[] {
  if (world.dialect.name === 'sdcpp') return [...sdcppRoutes, ...controlRoutes(control)]
  const scripts = world.scripts.flatMap(({ routes = [] }) => routes)
  const ui = world.options.ui !== false
  const python: Route[] = [
    ...(world.dialect.name === 'sdnext' ? sdnextRoutes : generationRoutes),
    ...settingsRoutes,
    ...runtimeRoutes,
    ...listingRoutes(world),
    ...pngInfoRoutes(world),
    ...openapiRoutes(world, () => python),
    ...silent,
    // A1111 and its forks have these with --api-server-stop only.
    ...(world.dialect.name === 'sdnext'
      ? unsaid(['server-kill', 'server-restart', 'server-stop'])
      : []),
    ...scripts,
  ]
  return [...python.filter(({ by }) => by !== 'ui' || ui), ...controlRoutes(control)]
}

/** Routes that exist, of whose answers the reference says too little to make them up. */
const silent = unsaid(['interrogate', 'create/embedding', 'create/hypernetwork'])

function unsaid(names: readonly string[]): readonly Route[] {
  return names.map((name) => post(`/sdapi/v1/${name}`, unknown))
}

function unknown({ method, path }: { method: string; path: string }): never {
  throw new Answer(501, {
    error: 'not_implemented',
    detail: `fake-webui does not know what ${method} ${path} answers`,
  })
}
