import type { RefinerConfig } from './config.js'

/** Steps of a pass that the refiner renders.
 *  By steps it takes over once step/total reaches the switch; by noise once the noise level does, and a pass at
 *  denoising d begins at level 1−d. @source WebUI modules/sd_samplers_common.py: apply_refiner */
export function refinerSteps(
  config: Pick<RefinerConfig, 'refiner_switch_at' | 'refiner_switch_by'>,
  total: number,
  denoising: number,
): number {
  const { refiner_switch_at: at, refiner_switch_by: by } = config
  const base = by === 'steps' ? at : Math.max(0, (at - (1 - denoising)) / denoising)
  return total - Math.min(total, Math.ceil(base * total - 1e-9))
}
