import { modelStem } from '@stagewright/metadata'

import type { Dialect, ListName } from '../dialects/dialect.js'
import type { Transport } from '../transport.js'
import { readCheckpoints } from './checkpoints.js'
import { type Inventory, rareFields, type ScriptInfo } from './inventory.js'
import { readSamplers, readSchedulers } from './samplers.js'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** Lists that only extensions or newer servers have. */
const optional: ReadonlySet<ListName> = new Set([
  'loras',
  'schedulers',
  'scripts',
  'styles',
  'faceRestorers',
  'latentModes',
  'detectors',
  'detectorFields',
])

/** Reads what the server has: one read for each list of its dialect, all at once.
 *  @throws {PipelineError} SW_WEBUI_… when a list that every server has is missing */
export async function readInventory(
  transport: Transport,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<Inventory> {
  const wanted = Object.entries(dialect.lists) as [ListName, string][]
  const answers = await Promise.all(
    wanted.map(async ([list, path]) => {
      const answer = await transport.get(path, { optional: optional.has(list), signal })
      return [list, answer?.body] as const
    }),
  )
  return assemble(dialect, Object.fromEntries(answers))
}

/** What the answers of a server's lists say. Pure. */
export function assemble(
  dialect: Dialect,
  lists: Readonly<Partial<Record<ListName, unknown>>>,
): Inventory {
  const options = isRecord(lists.options) ? lists.options : {}
  const models = readCheckpoints(rows(lists.models))
  const modules = filesOf(rows(lists.modules))
  const vaes = filesOf(rows(lists.vaes))
  const loras = rows(lists.loras)
  const upscalers = namesOf(lists.upscalers)
  const scripts = lists.scripts === undefined ? undefined : readScripts(rows(lists.scripts))
  const samplers = readSamplers(dialect, rows(lists.samplers), lists.schedulers === undefined)
  const schedulers = readSchedulers(dialect, lists.schedulers, samplers.combined)
  const detectors = detectorsOf(lists.detectors)
  const own = owned(dialect)
  const has = (list: ListName, names: readonly string[] | 'any'): readonly string[] | 'any' =>
    dialect.lists[list] === undefined ? [] : names
  const kinds: [string, readonly string[] | 'any', boolean][] = [
    ['model', models.list.map(({ name }) => name), true],
    ['vae', ['Automatic', 'None', ...vaes.names], dialect.vae === 'option'],
    ['vae', modules.names, dialect.vae === 'module'],
    ['module', modules.names, dialect.vae === 'module'],
    ['lora', loras.flatMap((one) => string(one['name']) ?? []), true],
    ['style', has('styles', namesOf(lists.styles)), dialect.fields.styles],
    ['sampler', samplers.names, true],
    ['scheduler', schedulers.names, true],
    [
      'hires_upscaler',
      [
        ...namesOf(lists.latentModes),
        ...upscalers.filter((name) => dialect.hires.none || name !== 'None'),
      ],
      true,
    ],
    ['upscaler', upscalers, dialect.extras !== undefined],
    ['face_restorer', namesOf(lists.faceRestorers), dialect.extras?.restorers === true],
    ['detector', detectors ?? [], detectors !== undefined],
    ['script', scripts === undefined ? 'any' : titlesOf(scripts, dialect), dialect.fields.scripts],
    ['option', Object.keys(options).filter((key) => !own.has(key)), dialect.overrides],
    ['field', fieldsOf(dialect), fieldsOf(dialect).length > 0],
    ['controlnet_model', 'any', hasScript(scripts, 'controlnet')],
    ['controlnet_module', 'any', hasScript(scripts, 'controlnet')],
  ]
  return {
    options,
    names: Object.fromEntries(
      kinds.filter(([, , there]) => there).map(([kind, names]) => [kind, unique(names)]),
    ),
    aliases: withoutEmpty({
      model: models.aliases,
      vae: dialect.vae === 'module' ? modules.aliases : vaes.aliases,
      module: modules.aliases,
      lora: Object.fromEntries(
        loras.flatMap((one) => {
          const [name, alias] = [string(one['name']), string(one['alias'])]
          return name === undefined || alias === undefined || alias === name ? [] : [[alias, name]]
        }),
      ),
      sampler: samplers.aliases,
      scheduler: schedulers.aliases,
    }),
    checkpoints: new Map(models.list.map((one) => [one.name, one])),
    folders: modules.folders,
    loraPaths: new Map(
      loras.flatMap((one) => {
        const [name, path] = [string(one['name']), string(one['path'])]
        return name === undefined || path === undefined ? [] : [[name, path] as const]
      }),
    ),
    scripts,
    detailerFields: schemaKeys(lists.detectorFields),
    combinedSamplers: samplers.combined,
  }
}

/** Options that requests carry for the framework's own ends: a user's `override_settings` may not name them. */
export function owned(dialect: Dialect): ReadonlySet<string> {
  return new Set([
    'sd_model_checkpoint',
    ...(dialect.vae === 'option' ? ['sd_vae'] : []),
    ...(dialect.vae === 'module' ? ['forge_additional_modules'] : []),
    ...(dialect.clipSkip === 'option' ? ['CLIP_stop_at_last_layers'] : []),
    'sd_model_refiner',
    'hires_fix_refiner_pass',
    'refiner_switch_by_sample_steps',
    'img2img_fix_steps',
    'upscaler_for_img2img',
    'use_old_hires_fix_width_height',
    'img2img_color_correction',
    'return_mask',
    'return_mask_composite',
    'ad_dynamic_denoise_power',
    'ad_match_inpaint_bbox_size',
    'ad_same_seed_for_each_tab',
    'samples_format',
  ])
}

function fieldsOf({ fields, hires }: Dialect): readonly string[] {
  return rareFields.filter((field) =>
    field.startsWith('hr_') ? !hires.lacks.some((one) => one === field) : fields.distilledCfg,
  )
}

function readScripts(listed: Rows): ScriptInfo[] {
  return listed.flatMap((one) => {
    const name = string(one['name'])
    if (name === undefined) return []
    const { args } = one
    return [
      {
        name: name.toLowerCase(),
        alwaysOn: one['is_alwayson'] === true,
        img2img: one['is_img2img'] === true,
        argumentCount: Array.isArray(args) ? args.length : 0,
      },
    ]
  })
}

/** Titles as pages write them: servers list them in lower case, and take any. */
const writtenAs = [
  'ADetailer',
  'ControlNet',
  'SD upscale',
  'X/Y/Z plot',
  'Prompt matrix',
  'Loopback',
]

function titlesOf(scripts: readonly ScriptInfo[], dialect: Dialect): string[] {
  const names = scripts
    .map(({ name }) => name)
    .filter((name) => dialect.sdUpscale || name !== 'sd upscale')
  return [...names, ...writtenAs.filter((title) => names.includes(title.toLowerCase()))]
}

function hasScript(scripts: readonly ScriptInfo[] | undefined, title: string): boolean {
  return scripts?.some(({ name }) => name === title) ?? false
}

function filesOf(listed: Rows) {
  const names: string[] = []
  const aliases: Record<string, string> = {}
  const folders = new Map<string, string>()
  for (const one of listed) {
    const name = string(one['model_name'])
    if (name === undefined) continue
    names.push(name)
    const file = string(one['filename'])
    const stem = modelStem(name)
    if (stem !== name) aliases[stem] = name
    if (file === undefined) continue
    folders.set(name, file.replace(/[\\/][^\\/]*$/, ''))
    if (file !== name) aliases[file] = name
  }
  return { names, aliases, folders }
}

function detectorsOf(listed: unknown): string[] | undefined {
  if (listed === undefined) return undefined
  const list = isRecord(listed) ? listed['ad_model'] : listed
  return namesOf(list).filter((name) => name !== 'None')
}

function schemaKeys(schema: unknown): string[] | undefined {
  const properties = isRecord(schema) ? schema['properties'] : undefined
  return isRecord(properties) ? Object.keys(properties) : undefined
}

function namesOf(listed: unknown): string[] {
  if (!Array.isArray(listed)) return []
  return listed.flatMap((one: unknown) =>
    typeof one === 'string' ? one : isRecord(one) ? (string(one['name']) ?? []) : [],
  )
}

function rows(listed: unknown): Rows {
  return Array.isArray(listed) ? listed.filter(isRecord) : []
}

function unique(names: readonly string[] | 'any'): readonly string[] | 'any' {
  return names === 'any' ? names : [...new Set(names)]
}

function withoutEmpty<T extends object>(maps: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(maps).filter(([, map]) => Object.keys(map).length > 0))
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
