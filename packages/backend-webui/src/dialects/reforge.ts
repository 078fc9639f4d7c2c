import { a1111 } from './a1111.js'
import { type Dialect, hiresFields } from './dialect.js'

/** reForge: AUTOMATIC1111's API, with `hr_cfg`, which must be sent: its default of 1 washes the second pass out. */
export const reforge: Dialect = {
  ...a1111,
  name: 'reforge',
  title: 'reForge',
  hires: {
    ...a1111.hires,
    encode: (call) => ({ ...hiresFields(call), hr_cfg: call.pass.hr_cfg ?? call.cfg_scale }),
    lacks: ['hr_distilled_cfg', 'hr_additional_modules'],
  },
  refiner: { byNoise: false, firstPassAlone: true },
}
