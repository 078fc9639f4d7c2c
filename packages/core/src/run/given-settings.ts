import { z } from 'zod'

import type { ParsedRun } from '../config/parse.js'
import { pathInWords } from '../config/path.js'
import { nativeSide, presets } from '../config/presets.js'
import type { StageImage } from '../contract/stage-image.js'
import { errors } from '../errors/catalogue.js'
import { samplingFields } from '../sampling/fields.js'
import { samplingOf, seedAt } from '../sampling/settings.js'

const { n_iter: _n, batch_size: _b, override_settings: _o, ...fields } = samplingFields
const schema = z.object({ ...fields, prompt: z.string().default('') })

/** Gives pictures that a run starts from the settings that diffusing stages go on with: the picture's own, then the
 *  shared fields, then defaults. The generation size is what the config says, else the preset's native square. */
export function withGivenSettings(images: readonly StageImage[], run: ParsedRun): StageImage[] {
  const { shared, preset } = run
  const values = { ...(preset === undefined ? {} : presets[preset]), ...shared }
  const base = checked(values)
  const number = (key: string, otherwise: number): number =>
    typeof shared[key] === 'number' ? shared[key] : otherwise
  const side = nativeSide(preset)
  const first = { ...base, seed: number('seed', 0), subseed: number('subseed', 0) }
  return images.map((image, i) => {
    const seeds = seedAt(first, i)
    const settings =
      image.settings ??
      samplingOf({
        ...base,
        ...seeds,
        width: number('width', side),
        height: number('height', side),
      })
    return Object.freeze({ ...image, seed: image.settings?.seed ?? seeds.seed, settings })
  })
}

function checked(values: Readonly<Record<string, unknown>>): z.output<typeof schema> {
  const parsed = schema.safeParse(values)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = pathInWords(issue?.path ?? [])
  const value = values[String(issue?.path[0])]
  throw errors.SW_CONFIG_INVALID_VALUE({ path, value, problem: issue?.message ?? 'it is wrong' })
}
