import { versioned } from '../servers/server-facts.js'
import { columnsText, counted } from './table.js'

/** What `doctor` found, as `--json` prints it; what could not be found out is absent. */
export interface DoctorReport {
  readonly backend?: string | undefined
  readonly url?: string | undefined
  readonly server?: string | undefined
  readonly dialect?: string | undefined
  readonly version?: string | undefined
  readonly latency_ms?: number | undefined
  /** What is used where a run file says nothing. */
  readonly current?: object | undefined
  /** By kind; a count of null: any name is taken. */
  readonly inventory?: Readonly<Record<string, Inventory>> | undefined
  /** Of a pool: each of its servers. */
  readonly servers?: readonly MemberReport[] | undefined
  readonly stages?: readonly SupportLine[] | undefined
  readonly warnings?: readonly string[] | undefined
  readonly run_file?: RunFileReport | undefined
}

export interface MemberReport {
  readonly name: string
  readonly url: string | undefined
  readonly ok: boolean
  readonly server?: string | undefined
  readonly dialect?: string | undefined
  readonly version?: string | undefined
  /** What it uses unless told, so has loaded. */
  readonly model?: string | undefined
  readonly warnings?: readonly string[]
  /** Why it does not answer. */
  readonly error?: string
}

interface Inventory {
  readonly count: number | null
  readonly names: readonly string[]
}

export interface SupportLine {
  readonly feature: string
  readonly is: 'yes' | 'other' | 'no'
  readonly how?: string | undefined
}

export interface RunFileReport {
  readonly file: string
  readonly ok: boolean
  readonly stages?: number
  /** Of a sweep, instead of stages. */
  readonly cells?: number
  readonly calls?: number
  readonly notes?: readonly string[]
  readonly errors?: number
}

/** The report as people read it. */
export function doctorText(report: DoctorReport, columns: number): string {
  const { inventory, stages, warnings = [], run_file: file } = report
  return [
    ...serverLines(report, columns),
    ...(report.servers === undefined ? [] : memberLines(report.servers, columns)),
    ...(inventory === undefined ? [] : inventoryLines(inventory, columns)),
    ...(stages === undefined ? [] : supportLines(stages, columns)),
    ...(warnings.length === 0 ? [] : ['', 'settings of the server to know of']),
    ...warnings.flatMap((text) => wrapped('  ! ', text, columns)),
    ...(file === undefined ? [] : ['', ...fileLines(file, columns)]),
  ].join('\n')
}

function serverLines(report: DoctorReport, columns: number): string[] {
  const { backend, url, server, dialect, version, latency_ms: ms, current = {} } = report
  if (backend === undefined) return []
  const name = server ?? (url === undefined ? backend : 'unknown')
  const lines = [
    ['server', versioned(name, version)],
    ['dialect', dialect],
    ['address', url !== undefined && ms !== undefined ? `${url}, answers in ${ms} ms` : url],
    ['unless told', usedText(current)],
  ]
  return lines.flatMap(([title = '', text]) =>
    text === undefined ? [] : wrapped(title.padEnd(12), text, columns),
  )
}

function memberLines(servers: readonly MemberReport[], columns: number): string[] {
  const rows = servers.map(({ name, url = '-', ok, server = '', version, model = '-', error }) => [
    name,
    url,
    ok ? versioned(server, version) : 'down',
    ok ? model : (error ?? ''),
  ])
  const table = columnsText([['server', 'address', 'is', 'model'], ...rows], columns)
  return [
    '',
    ...table.split('\n'),
    ...servers.flatMap(({ name, warnings = [] }) =>
      warnings.flatMap((text) => wrapped(`  ! ${name}: `, text, columns)),
    ),
  ]
}

function usedText(current: object): string | undefined {
  const uses = Object.entries(current).map(([key, value]) => `${key} ${valueText(value)}`)
  return uses.length === 0 ? undefined : uses.join(', ')
}

function valueText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const titles: Readonly<Record<string, string>> = {
  model: 'models',
  vae: 'VAEs',
  module: 'modules',
  lora: 'LoRAs',
  style: 'styles',
  sampler: 'samplers',
  scheduler: 'schedulers',
  hires_upscaler: 'hires upscalers',
  upscaler: 'upscalers',
  client_upscaler: 'resampled here',
  face_restorer: 'face restorers',
  detector: 'detectors',
  script: 'scripts',
  option: 'options',
  controlnet_model: 'ControlNet models',
  controlnet_module: 'ControlNet modules',
}

/** Too many to read, and of use to nobody here. */
const countedOnly = new Set(['option'])

function inventoryLines(inventory: Readonly<Record<string, Inventory>>, columns: number): string[] {
  const lines = Object.entries(inventory)
    .filter(([kind]) => Object.hasOwn(titles, kind))
    .flatMap(([kind, { count, names }]) => {
      const head = `  ${(titles[kind] ?? kind).padEnd(18)}`
      if (count === null) return [`${head}  any name is taken`]
      const shown = countedOnly.has(kind) ? '' : names.map((name) => unbroken(name)).join(', ')
      return wrapped(`${head}${String(count).padStart(3)}  `, shown, columns)
    })
  return lines.length === 0 ? [] : ['', 'has', ...lines]
}

function supportLines(stages: readonly SupportLine[], columns: number): string[] {
  const width = Math.max(0, ...stages.map(({ feature }) => feature.length)) + 2
  const lines = stages.flatMap(({ feature, is, how }) => {
    const word = { yes: 'yes', other: 'other route', no: 'no' }[is]
    const head = `  ${feature.padEnd(width)}`
    return wrapped(head, how === undefined ? word : `${word}: ${how}`, columns)
  })
  return lines.length === 0 ? [] : ['', 'works there', ...lines]
}

function fileLines(report: RunFileReport, columns: number): string[] {
  const { file, ok, stages, cells, calls, notes = [], errors } = report
  const what = cells === undefined ? counted(stages ?? 0, 'stage') : counted(cells, 'cell')
  const state = ok
    ? `ready: ${what}, ${counted(calls ?? 0, 'call')}`
    : `not ready: ${counted(errors ?? 1, 'error')}`
  return [
    ...wrapped('run file'.padEnd(12), `${file}, ${state}`, columns),
    ...notes.flatMap((note) => wrapped('  ! ', note, columns)),
  ]
}

/** Text after its head, broken between words, with what follows set under the first line. */
function wrapped(head: string, text: string, columns: number): string[] {
  const room = Math.max(20, columns - head.length)
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? ''
    if (line !== '' && line.length + word.length + 1 > room) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  const indent = ' '.repeat(head.length)
  return lines.map((line, i) =>
    `${i === 0 ? head : indent}${line.replaceAll(noBreak, ' ')}`.trimEnd(),
  )
}

const noBreak = '\u00A0'

/** A name that is not broken between its words. */
function unbroken(name: string): string {
  return name.replaceAll(' ', noBreak)
}
