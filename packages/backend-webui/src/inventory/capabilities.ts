import {
  type CountRange,
  type Capabilities,
  Detail,
  Hires,
  Img2Img,
  Refiner,
  Txt2Img,
  Upscale,
} from '@stagewright/core'

import type { Server } from '../dialects/detect.js'
import type { DialectName } from '../dialects/dialect.js'
import { remediesOf, supportOf } from '../dialects/support.js'
import { resamplers } from '../resample/kernels.js'
import type { Inventory } from './inventory.js'
import { owned } from './read.js'
import { settingsOf } from './setting-limits.js'

/** What a WebUI server can do, and which kind of server it is. */
export interface WebuiCapabilities extends Capabilities {
  readonly dialect: DialectName
  /** The server's name in words. */
  readonly server: string
  readonly version?: string
  /** What to do about an operation or a slot that is missing here, by its name. */
  readonly remedies: Readonly<Record<string, string>>
  /** Settings of the server that change what comes back, in words. */
  readonly notices: readonly string[]
}

/** The operations that can be asked: `upscale` everywhere, since it can also be done here, and `detail` where the
 *  extension for it is installed. */
export function operationsOf({ dialect }: Server, inventory: Inventory): string[] {
  return [
    Txt2Img.name,
    Img2Img.name,
    Upscale.name,
    ...(dialect.detail !== 'none' && inventory.names['detector'] !== undefined
      ? [Detail.name]
      : []),
  ]
}

export function slotsOf({ dialect }: Server): string[] {
  return [Hires.name, ...(dialect.refiner === undefined ? [] : [Refiner.name])]
}

/** Capabilities as plain data. `lenient` takes any name: what is missing is then told by a warning of the call. */
export function capabilitiesOf(
  server: Server,
  inventory: Inventory,
  more: {
    readonly operations: readonly string[]
    readonly slots: readonly string[]
    readonly lenient: boolean
    /** Its address. */
    readonly address: string
    /** Whether pictures of every format can be read here. */
    readonly readsAny: boolean
  },
): WebuiCapabilities {
  const { dialect, version } = server
  const { names, aliases, options } = inventory
  const here = more.readsAny || (options['samples_format'] ?? 'png') === 'png'
  return {
    dialect: dialect.name,
    server: dialect.title,
    ...(version === undefined ? {} : { version }),
    operations: [...new Set([...operationsOf(server, inventory), ...more.operations])],
    slots: [...new Set([...slotsOf(server), ...more.slots])],
    grid: dialect.grid,
    resources: {
      ...(more.lenient
        ? Object.fromEntries(Object.keys(names).map((kind) => [kind, 'any' as const]))
        : names),
      ...(here ? { client_upscaler: resamplers } : {}),
    },
    aliases,
    anyCase: ['script'],
    exact: ['client_upscaler', ...(dialect.extras === undefined ? ['upscaler'] : [])],
    refused: { option: refusedOptions(server), script: refusedScripts(server) },
    current: currentOf(server, inventory),
    ...(more.lenient ? {} : { counts: { script: argumentCounts(inventory) } }),
    settings: settingsOf(dialect, inventory),
    ...(dialect.refiner?.firstPassAlone === false ? { limits: { [Refiner.name]: ['first'] } } : {}),
    previews: dialect.progress === 'task' && inventory.options['live_previews_enable'] !== false,
    ...(dialect.maxSeed === undefined ? {} : { maxSeed: dialect.maxSeed }),
    remedies: {
      ...remediesOf(dialect.name),
      ...clientRemedy(server, here),
      ...fieldRemedies(server),
    },
    notices: noticesOf(options),
    identity: {
      dialect: dialect.name,
      ...(version === undefined ? {} : { version }),
      server: more.address,
      options: {
        size_multiple: dialect.grid.multiple,
        ...Object.fromEntries(
          changing.flatMap((key) =>
            key in inventory.options ? [[key, inventory.options[key]]] : [],
          ),
        ),
      },
      hashes: { model: hashesOf(inventory) },
    },
  }
}

/** Of always-on scripts fewer are filled from the page, and more are dropped in silence; a selectable one takes all.
 *  ADetailer's own list is checked by its schema. Scripts of txt2img and img2img that differ take what either takes. */
function argumentCounts({ scripts = [] }: Inventory): Record<string, CountRange> {
  const counts: Record<string, CountRange> = {}
  for (const { name, alwaysOn, argumentCount: takes } of scripts) {
    if (name === 'adetailer' || (alwaysOn && takes === 0)) continue
    const { least, most } = counts[name] ?? { least: takes, most: takes }
    counts[name] = { least: alwaysOn ? 0 : Math.min(least, takes), most: Math.max(most, takes) }
  }
  return counts
}

/** Options that a request cannot override, and that change its pictures. */
const changing = ['randn_source', 'eta_noise_seed_delta', 'samples_format']

function hashesOf({ checkpoints }: Inventory): Readonly<Record<string, string>> {
  const told = [...checkpoints].flatMap(([name, { hash }]) =>
    hash === undefined ? [] : [[name, hash]],
  )
  return Object.fromEntries(told) as Record<string, string>
}

/** Options that a field of the run file sets, or that every call sets itself. */
function refusedOptions({ dialect }: Server): Readonly<Record<string, string>> {
  const reason =
    'it is set by a field of the run file, or kept fixed so that calls mean the same everywhere'
  return Object.fromEntries([...owned(dialect)].map((key) => [key, reason]))
}

function refusedScripts({ dialect }: Server): Readonly<Record<string, string>> {
  const how = supportOf(dialect.name, 'sd_upscale')?.how
  return dialect.sdUpscale || how === undefined ? {} : { 'SD upscale': how }
}

/** Only what the server lacks is looked up. */
function fieldRemedies({ dialect }: Server): Readonly<Record<string, string>> {
  const own = supportOf(dialect.name, 'own_hires')?.is !== 'no'
  return {
    hr_cfg: own ? 'remove hr_cfg, or set hr_strategy: own' : 'remove hr_cfg',
    hr_distilled_cfg: 'remove hr_distilled_cfg, or use Forge',
    module: 'remove additional_modules, or use Forge for models that need them',
    hr_additional_modules: 'remove hr_additional_modules, or use Forge',
  }
}

function clientRemedy({ dialect }: Server, here: boolean): Readonly<Record<string, string>> {
  if (!here)
    return {
      client_upscaler:
        'set samples_format to png on the server, or give webui({ toPicture }): without it only PNG is read here',
    }
  return dialect.extras === undefined
    ? {}
    : { client_upscaler: 'upscalers with a model run on the server: remove where: client' }
}

/** What the server uses when a field is left unset: pinned for a run, so that it cannot drift. */
function currentOf({ dialect }: Server, { options, names, aliases }: Inventory) {
  const named = (kind: string, value: unknown): string | undefined => {
    if (typeof value !== 'string' || value === '') return undefined
    const name = aliases[kind]?.[value] ?? value
    const known = names[kind]
    return known === 'any' || known?.includes(name) === true ? name : undefined
  }
  const model = named('model', options['sd_model_checkpoint']) ?? onlyOne(names['model'])
  const vae = dialect.vae === 'option' ? named('vae', options['sd_vae']) : undefined
  const listed = options['forge_additional_modules']
  const modules =
    dialect.vae === 'module' && Array.isArray(listed)
      ? listed.flatMap((one) => named('module', one) ?? [])
      : undefined
  const skip = dialect.clipSkip === 'option' ? options['CLIP_stop_at_last_layers'] : undefined
  const inRange = typeof skip === 'number' && Number.isInteger(skip) && skip >= 1 && skip <= 12
  return {
    ...(model === undefined ? {} : { model }),
    ...(vae === undefined ? {} : { vae }),
    ...(modules === undefined ? {} : { additional_modules: modules }),
    ...(inRange ? { clip_skip: skip } : {}),
  }
}

function onlyOne(names: readonly string[] | 'any' | undefined): string | undefined {
  return names !== undefined && names !== 'any' && names.length === 1 ? names[0] : undefined
}

/** Settings that a client cannot override, or that change results: worth a warning. */
function noticesOf(options: Readonly<Record<string, unknown>>): string[] {
  const told: [string, (value: unknown) => boolean, string][] = [
    ['samples_format', (value) => value !== 'png', 'pictures between stages are lossy; set png'],
    ['enable_pnginfo', (value) => value === false, 'the server writes no infotext'],
    ['eta_noise_seed_delta', (value) => value !== 0, 'seeds give other noise than elsewhere'],
    ['CLIP_stop_at_last_layers', (value) => value !== 1, 'used where clip_skip is unset'],
    ['sd_vae', (value) => value !== 'Automatic', 'used where vae is unset'],
    ['randn_source', (value) => value !== 'GPU', 'noise does not come from the GPU'],
    ['live_previews_enable', (value) => value === false, 'there are no previews'],
    ['show_progress_every_n_steps', (value) => value === -1, 'there are no previews'],
    [
      'ad_max_models',
      (value) => typeof value === 'number' && value < 2,
      'ADetailer leaves out every further unit of a request',
    ],
  ]
  return told.flatMap(([key, odd, meaning]) => {
    const value = options[key]
    return value === undefined || value === null || !odd(value)
      ? []
      : [`${key} is ${JSON.stringify(value)}: ${meaning}`]
  })
}
