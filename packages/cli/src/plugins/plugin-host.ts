import { backendNames, registeredStages } from '../built-in.js'
import type { CliHost } from '../host.js'
import type { Plugins } from './load-plugins.js'

/** The host with what the plugins of its config file bring besides. They are loaded once, when something asks for
 *  stages or for a server. */
export function withPlugins(host: CliHost, config: string | undefined): CliHost {
  let loading: Promise<Plugins> | undefined
  const plugins = (): Promise<Plugins> => (loading ??= load(host, config))
  return {
    ...host,
    stages: async () => [...(await registeredStages(host)), ...(await plugins()).stages],
    webuiParts: plugins,
  }
}

async function load(host: CliHost, config: string | undefined): Promise<Plugins> {
  const { readConfigFile } = await import('../servers/config-file.js')
  const file = await readConfigFile(config, host.cwd, [...backendNames(host), 'auto'])
  if (file.plugins.size === 0) return { stages: [], handlers: [], slots: [] }
  const { loadPlugins } = await import('./load-plugins.js')
  return loadPlugins(file, await registeredStages(host))
}
