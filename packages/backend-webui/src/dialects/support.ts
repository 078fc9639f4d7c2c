import { resamplers } from '../resample/kernels.js'
import { dialects } from './all.js'
import { type DialectName, dialectNames } from './dialect.js'

/** Whether a dialect does something: yes, by another route, or not, with what to do instead. */
export interface Support {
  readonly is: 'yes' | 'other' | 'no'
  /** How, or what to do instead. */
  readonly how?: string
}

export interface SupportRow {
  /** A stage, or a part of one. */
  readonly feature: string
  /** The operation, slot or kind of name that this row is about, for errors. */
  readonly key: string
  readonly by: Readonly<Record<DialectName, Support>>
}

const yes: Support = { is: 'yes' }
const other = (how: string): Support => ({ is: 'other', how })
const no = (how: string): Support => ({ is: 'no', how })

const webuis = (support: Support) => ({ a1111: support, forge: support, reforge: support })

const here = other(
  `resampled here, without the server: ${resamplers.slice(0, -1).join(', ')} or ${resamplers.at(-1)}`,
)
const noUpscaler =
  'use where: client in upscale (mode: extras), hr_strategy: merged in refiner, or another server'

/** What each dialect can do of each stage. Docs, errors and remedies are made from it. */
export const supportTable: readonly SupportRow[] = Object.freeze([
  { feature: 'txt2img', key: 'txt2img', by: { ...webuis(yes), sdnext: yes, sdcpp: yes } },
  {
    feature: 'img2img',
    key: 'img2img',
    by: {
      ...webuis(yes),
      sdnext: yes,
      sdcpp: other('one picture a call; a picture of another aspect is stretched'),
    },
  },
  {
    feature: 'img2img with a mask',
    key: 'mask',
    by: {
      ...webuis(yes),
      sdnext: other('what is under the mask is kept: no choice of fill'),
      sdcpp: other('a hard mask: no blur, no choice of fill, no inpaint_full_res'),
    },
  },
  {
    feature: 'refiner: hires in the same call',
    key: 'hires',
    by: {
      ...webuis(yes),
      a1111: other('yes, without hr_cfg: use hr_strategy: own for that'),
      sdnext: other('the target size is computed here; no scheduler or checkpoint of its own'),
      sdcpp: other('upscaler, size, steps and denoising only'),
    },
  },
  {
    feature: 'refiner: hires as a call of its own',
    key: 'own_hires',
    by: {
      ...webuis(yes),
      sdnext: yes,
      sdcpp: no('use hr_strategy: merged right after txt2img'),
    },
  },
  {
    feature: 'refiner: second checkpoint',
    key: 'refiner',
    by: {
      ...webuis(yes),
      forge: other('by steps; for refiner_pass: first the high-res pass becomes a call of its own'),
      reforge: other('by steps'),
      sdnext: no('disable refiner_enabled; SD.Next takes its refiner from its own settings'),
      sdcpp: no('disable refiner_enabled, or use another server'),
    },
  },
  {
    feature: 'upscale: extras',
    key: 'upscaler',
    by: {
      ...webuis(yes),
      sdnext: other('factor from 1; without GFPGAN and CodeFormer'),
      sdcpp: no(noUpscaler),
    },
  },
  {
    feature: 'upscale: extras with where: client',
    key: 'client_upscaler',
    by: { ...webuis(here), sdnext: here, sdcpp: here },
  },
  {
    feature: 'upscale: sd_upscale',
    key: 'sd_upscale',
    by: {
      ...webuis(yes),
      sdnext: no('use mode: extras'),
      sdcpp: no(noUpscaler),
    },
  },
  {
    feature: 'adetailer',
    key: 'detail',
    by: {
      ...webuis(other('where the extension is installed, as img2img that it alone runs on')),
      sdnext: other(
        'its own detailer, on the server’s own model: detector, prompt, steps and denoising',
      ),
      sdcpp: no('disable adetailer, or run it on another server'),
    },
  },
  {
    feature: 'choice of model',
    key: 'model',
    by: { ...webuis(yes), sdnext: yes, sdcpp: no('start sd-server with that model') },
  },
  {
    feature: 'choice of VAE',
    key: 'vae',
    by: {
      ...webuis(yes),
      forge: other('as one of the additional modules'),
      sdnext: yes,
      sdcpp: no('start sd-server with that VAE'),
    },
  },
  {
    feature: 'choice of schedule',
    key: 'scheduler',
    by: {
      ...webuis(yes),
      sdnext: other(
        'one of the kinds sigma, spacing and beta schedule; the others as override_settings',
      ),
      sdcpp: yes,
    },
  },
  {
    feature: 'LoRA tags in prompts',
    key: 'lora',
    by: { ...webuis(yes), sdnext: yes, sdcpp: other('taken out of the prompt and sent as lora') },
  },
  {
    feature: 'variation seeds',
    key: 'subseed',
    by: {
      ...webuis(yes),
      sdnext: no('set subseed_strength to 0'),
      sdcpp: no('set subseed_strength to 0'),
    },
  },
  {
    feature: 'styles',
    key: 'styles',
    by: { ...webuis(yes), sdnext: yes, sdcpp: no('write the style into the prompt') },
  },
  {
    feature: 'scripts and extensions',
    key: 'scripts',
    by: { ...webuis(yes), sdnext: yes, sdcpp: no('remove alwayson_scripts and script_name') },
  },
  {
    feature: 'distilled_cfg_scale, additional_modules',
    key: 'field',
    by: {
      a1111: no('use Forge for models that need them'),
      forge: yes,
      reforge: no('use Forge for models that need them'),
      sdnext: no('use Forge for models that need them'),
      sdcpp: no('start sd-server with the model’s encoders'),
    },
  },
  {
    feature: 'progress',
    key: 'progress',
    by: {
      ...webuis(yes),
      sdnext: other('of whatever job runs'),
      sdcpp: no('there is none to read'),
    },
  },
  {
    feature: 'cancel during a call',
    key: 'interrupt',
    by: { ...webuis(yes), sdnext: yes, sdcpp: no('the call in progress is waited for') },
  },
])

/** What a dialect does of a feature. */
export function supportOf(dialect: DialectName, key: string): Support | undefined {
  return supportTable.find((row) => row.key === key)?.by[dialect]
}

/** Remedies for what a dialect cannot do, by operation, slot or feature. */
export function remediesOf(dialect: DialectName): Readonly<Record<string, string>> {
  const missing = supportTable.flatMap(({ key, by }) => {
    const { is, how } = by[dialect]
    return is === 'no' && how !== undefined ? [[key, how] as const] : []
  })
  const extension = dialects[dialect].detail === 'adetailer'
  return Object.fromEntries([
    ...missing,
    ...(extension
      ? [['detail', 'install the ADetailer extension on the server, or disable adetailer'] as const]
      : []),
  ])
}

/** The table as Markdown: one row a feature, one column a dialect, notes numbered below. */
export function supportMarkdown(): string {
  const notes: string[] = []
  const cell = ({ is, how }: Support): string => {
    if (is === 'yes') return 'yes'
    const at = notes.indexOf(how ?? '')
    const number = at >= 0 ? at + 1 : notes.push(how ?? '')
    return `${is === 'other' ? 'other route' : 'no'} [${number}]`
  }
  const head = ['', ...dialectNames.map((name) => dialects[name].title)]
  const rows = supportTable.map(({ feature, by }) => [
    feature,
    ...dialectNames.map((name) => cell(by[name])),
  ])
  const widths = head.map((_, i) =>
    Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0), 3),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((one, i) => one.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    ...notes.map((note, i) => `${i + 1}. ${note}`),
    '',
  ].join('\n')
}
