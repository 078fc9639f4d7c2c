import type { Backend, Stage } from '@stagewright/core'

import type { CliHost, RegisteredStage } from './host.js'

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

export async function stagesOf(host: CliHost): Promise<readonly Stage[]> {
  return (await registeredStages(host)).map(({ stage }) => stage)
}

export function backendNames(host: CliHost): string[] {
  return Object.keys(host.backends ?? backends)
}

/** @throws {PipelineError} SW_CLI_UNKNOWN_BACKEND */
export async function makeBackend(name: string, host: CliHost): Promise<Backend> {
  const known = host.backends ?? backends
  const make = Object.hasOwn(known, name) ? known[name] : undefined
  if (make === undefined) {
    const { errors } = await import('./errors.js')
    throw errors.SW_CLI_UNKNOWN_BACKEND({ name, known: backendNames(host) })
  }
  return make()
}
