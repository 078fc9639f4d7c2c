import type { InfotextDialect } from '../infotext/dialect.js'
import type { Recovery, Told } from './recovery.js'

/** Says of every pair that nothing has read what it is, except of those that are no settings. */
export function loseTheRest(out: Recovery, told: Told, dialect: InfotextDialect | undefined): void {
  for (const [key, value] of told.rest()) {
    if (key === value || about.has(key) || aboutKeys.test(key)) continue
    if (dialect === 'sdcpp' && (key === 'RNG' || key === 'Guidance')) continue
    out.lose(`${out.source}[${JSON.stringify(key)}]`, `${whyLost(key)}: ${shortened(value)}`)
  }
}

/** Pairs about the text, the files and the program: nothing that a run file would say. */
const about = new Set([
  'Version',
  'App',
  'SDCPP',
  'VAE hash',
  'Lora hashes',
  'TI hashes',
  'TI',
  'Hashes',
  'Embeddings',
  'Batch size',
  'Batch pos',
  'Batch',
  'Index',
  'Operations',
  'Pipeline',
  'Parser',
  'Refine',
  'Hires force',
  'HiRes mode',
  'Hires checkpoint hash',
  'Comment',
  'User',
  'Created Date',
])
const aboutKeys = /^Civitai /

function whyLost(key: string): string {
  if (/^controlnet/i.test(key)) return 'ControlNet units, whose pictures are not told'
  if (/^(ENSD|Eta noise seed delta|Sampler eta delta)$/.test(key))
    return 'a server option: override_settings.eta_noise_seed_delta'
  if (key === 'RNG') return 'a server option: override_settings.randn_source'
  if (/^styles?$/i.test(key)) return 'already in the prompt'
  if (/^(Negative )?Template$/.test(key)) return 'what the prompt was made from'
  if (key.startsWith('ADetailer ')) return 'ADetailer has it, a run file has not'
  return 'no field of a run file'
}

function shortened(value: string): string {
  return value.length > 80 ? `${value.slice(0, 79)}…` : value
}
