import { a1111 } from './a1111.js'
import { type Dialect, given, hiresFields } from './dialect.js'
import { reforge } from './reforge.js'

const { vaes: _noVaes, ...lists } = a1111.lists

/** Forge. A high-res pass without `hr_additional_modules` crashes, one without `hr_cfg` runs at 1; VAE and text
 *  encoders are modules; after a refiner in the first pass only, the second goes on with the refiner.
 *  @source lllyasviel/stable-diffusion-webui-forge#2680, #2405 */
export const forge: Dialect = {
  ...a1111,
  name: 'forge',
  title: 'Forge',
  vae: 'module',
  fields: { ...a1111.fields, distilledCfg: true, imageCfg: false },
  hires: {
    encode: (call) => ({
      ...hiresFields(call),
      hr_cfg: call.pass.hr_cfg ?? call.cfg_scale,
      ...given('hr_distilled_cfg', call.pass.hr_distilled_cfg ?? call.distilled_cfg_scale),
      hr_additional_modules: call.pass.hr_additional_modules ?? ['Use same choices'],
    }),
    lacks: [],
    none: true,
  },
  refiner: { ...reforge.refiner, byNoise: false, firstPassAlone: false },
  lists: { ...lists, modules: '/sdapi/v1/sd-modules' },
}
