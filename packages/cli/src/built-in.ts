import type { Backend, Stage } from '@stagewright/core'

import type { CliHost, RegisteredStage } from './host.js'
import { version } from './version.js'

// Loaded when they are needed: `--help` and `--version` answer at once.
const stages = async (): Promise<readonly RegisteredStage[]> => {
  const [t, i, r, u, a] = await Promise.all([
    import('@stagewright/stage-txt2img'),
    import('@stagewright/stage-img2img'),
    import('@stagewright/stage-refiner'),
    import('@stagewright/stage-upscale'),
    import('@stagewright/stage-adetailer'),
  ])
  return [
    { stage: t.txt2img, from: '@stagewright/stage-txt2img' },
    { stage: i.img2img, from: '@stagewright/stage-img2img' },
    { stage: r.refiner, from: '@stagewright/stage-refiner' },
    { stage: u.upscale, from: '@stagewright/stage-upscale' },
    { stage: a.adetailer, from: '@stagewright/stage-adetailer' },
  ]
}

const backends: Readonly<Record<string, () => Promise<Backend>>> = {
  sketch: async () => (await import('@stagewright/backend-sketch')).sketch(),
}

export async function registeredStages(host: CliHost): Promise<readonly RegisteredStage[]> {
  return (host.stages ?? stages)()
}

/** The version of each package that stages come from. */
export async function versionsOf(host: CliHost): Promise<Readonly<Record<string, string>>> {
  const registered = await registeredStages(host)
  return Object.fromEntries(registered.map(({ from, version: own = version }) => [from, own]))
}

export async function stagesOf(host: CliHost): Promise<readonly Stage[]> {
  return (await registeredStages(host)).map(({ stage }) => stage)
}

export function backendNames(host: CliHost): string[] {
  return Object.keys(host.backends ?? backends)
}

/** One of `backendNames`. */
export async function makeBackend(name: string, host: CliHost): Promise<Backend> {
  const make = (host.backends ?? backends)[name]
  if (make === undefined) throw new TypeError(`there is no backend ${name}`)
  return make()
}
