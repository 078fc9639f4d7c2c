import {
  buildPipelinePlan,
  type Capabilities,
  explainPlan,
  isPipelineError,
  type PipelineError,
} from '@stagewright/core'

import { refiner } from '../src/index.js'
import { source } from './source.js'

export const pixel = { enable_hr: true, hr_upscaler: 'R-ESRGAN 4x+', denoising_strength: 0.4 }
export const second = { refiner_enabled: true, refiner_model_name: 'second' }

export function planOf(
  section: object,
  before: object = {},
  capabilities?: Capabilities,
  others: object = {},
) {
  const config = { ...others, test_source: before, refiner: section }
  const { stages } = buildPipelinePlan(config, [source, refiner], { capabilities })
  const plan = stages.find(({ name }) => name === 'refiner')
  return plan as NonNullable<typeof plan>
}

export function explained(section: object, before: object = {}): string {
  return explainPlan(
    buildPipelinePlan({ test_source: before, refiner: section }, [source, refiner]),
  )
}

export function codes(section: object, before: object = {}): string[] {
  return planOf(section, before).notes.map(({ code }) => code)
}

export function refusal(
  section: object,
  before: object = {},
  others: object = {},
  capabilities?: Capabilities,
) {
  return errorOf(() => planOf(section, before, capabilities, others))
}

export function errorOf(work: () => unknown): PipelineError | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (isPipelineError(error)) return error
    throw error
  }
}
