import type { BackendIdentity, ModelLoad, PipelinePlan } from '@stagewright/core'

import { runNameIn, type RunStatus } from '../run/read-run.js'
import type { Database } from './database.js'
import type { CallSample } from './estimate.js'
import type { RunFacts } from './run-facts.js'

/** Which runs a list shows. */
export interface RunQuery {
  readonly status?: RunStatus | undefined
  /** Words, or beginnings of words, that its prompts, name or model hold: all of them, in any order. */
  readonly text?: string | undefined
  /** Part of the model's name, in any case. */
  readonly model?: string | undefined
  /** Begun at this time or later. */
  readonly since?: Date | undefined
  /** Begun before this time. */
  readonly until?: Date | undefined
  /** With a picture that is rated so, or better. */
  readonly minRating?: number | undefined
  /** Default: all. */
  readonly limit?: number | undefined
  readonly offset?: number | undefined
}

export type RunRow = RunFacts['run'] & { readonly folder: string; readonly ended: Ended | null }
type Ended = Exclude<RunStatus, 'running' | 'interrupted'>

export type StageRow = RunFacts['stages'][number]

export type PictureRow = RunFacts['pictures'][number] & {
  readonly run_id: string
  readonly folder: string
  readonly rating: number | null
  readonly note: string | null
}

/** The rows of a query, and how many there are without `limit` and `offset`. Whether a run is running does not show
 *  here: with such a status, all that have not ended are given. */
export function selectRuns(
  db: Database,
  query: RunQuery,
): { readonly rows: readonly RunRow[]; readonly total: number } {
  const { where, values } = whereOf(query)
  const from = `from runs where ${where}`
  const rows = db.select(
    runColumns,
    `${from} order by created_at desc, seq desc limit ? offset ?`,
    [...values, query.limit ?? -1, query.offset ?? 0],
  )
  const [[total] = []] = db.query(`select count(*) ${from}`, values)
  return { rows: rows as unknown as RunRow[], total: Number(total) }
}

/** The runs with this id or folder; else those whose folder begins so, and the cells of sweeps with this number; else
 *  those whose id begins so. */
export function runsNamed(db: Database, name: string): readonly RunRow[] {
  const find = (where: string, values: readonly string[]): readonly RunRow[] =>
    db.select(runColumns, `from runs where ${where} order by folder`, values) as unknown as RunRow[]
  const exact = find('run_id = ? or folder = ?', [name, name])
  if (exact.length > 0 || name === '') return exact
  const begun = `${escaped(name)}%`
  const cell = `%/${escaped(name)}`
  const placed = find(`folder like ? escape '\\' or folder like ? escape '\\'`, [begun, cell])
  return placed.length > 0 ? placed : find(`run_id like ? escape '\\'`, [begun])
}

export function stagesOf(db: Database, folder: string): readonly StageRow[] {
  return db.select(
    ['place', 'name', 'outcome', 'ms', 'calls', 'made', 'kept'],
    'from stages where run = (select seq from runs where folder = ?) order by place',
    [folder],
  ) as unknown as StageRow[]
}

/** The pictures of a run: final ones, unfinished ones, then those of its stages. */
export function picturesOf(db: Database, folder: string): readonly PictureRow[] {
  return selectPictures(db, 'runs.folder = ?', [folder], `${finalFirst}, path`)
}

/** The pictures with this path under the root, or whose digest begins so; those of the newest run first. */
export function picturesNamed(
  db: Database,
  name: { readonly path: string } | { readonly digest: string },
): readonly PictureRow[] {
  const order = `created_at desc, seq desc, ${finalFirst}, path`
  if ('path' in name) {
    const folder = runNameIn(name.path)
    const rest = name.path.slice(folder.length + 1)
    const values = [folder, rest]
    return selectPictures(db, 'runs.folder = ? and pictures.path = ?', values, order)
  }
  const digest = name.digest.toLowerCase()
  if (!/^[0-9a-f]{4,64}$/.test(digest)) return []
  // As a range: an index is used for it.
  const values = [digest, `${digest}g`]
  return selectPictures(db, 'pictures.digest >= ? and pictures.digest < ?', values, order)
}

/** The best rated of the runs that the query asks for, each once. */
export function bestPictures(db: Database, query: RunQuery): readonly PictureRow[] {
  const { minRating = 1, limit = -1, offset = 0, ...ofRuns } = query
  const { where, values } = whereOf(ofRuns)
  const ranked = `
    select pictures.run, path, row_number() over (
      partition by digest order by ${finalFirst}, pictures.run desc, path
    ) as place from pictures
    where digest in (select digest from ratings) and run in (select seq from runs where ${where})`
  return selectPictures(
    db,
    `(pictures.run, pictures.path) in (select run, path from (${ranked}) where place = 1)
     and rating >= ?`,
    [...values, minRating, limit, offset],
    'rating desc, rated.at desc, path limit ? offset ?',
  )
}

/** A backend, as far as the time that its calls take depends on it. */
export type TimedBackend = { readonly kind: string } & Pick<BackendIdentity, 'dialect' | 'server'>

/** Calls that were made on the same backend and server, the newest first. */
export function samplesFor(
  db: Database,
  plan: PipelinePlan,
  { kind, dialect, server }: TimedBackend,
): readonly CallSample[] {
  const operations = new Set(plan.stages.map(({ operation = '' }) => operation))
  return [...operations].flatMap(
    (operation) =>
      db.select(
        ['stage', 'operation', 'merged', 'model', 'ms', 'settled', 'pixels', 'steps'],
        `from calls where backend = ? and dialect is ? and server is ? and operation = ?
         order by rowid desc limit ${mostSamples}`,
        [kind, dialect ?? null, server ?? null, operation],
      ) as unknown as CallSample[],
  )
}

/** Loads that were measured on the same backend and server, the newest first. */
export function loadsOn(
  db: Database,
  { kind, dialect, server }: TimedBackend,
): readonly ModelLoad[] {
  return db.select(
    ['model', 'ms'],
    `from loads where backend = ? and dialect is ? and server is ?
     order by rowid desc limit ${mostSamples}`,
    [kind, dialect ?? null, server ?? null],
  ) as unknown as ModelLoad[]
}

/** Of one operation, over all stages and models; of loads, over all models. */
const mostSamples = 2000

const runColumns = [
  'folder',
  'run_id',
  'name',
  'created_at',
  'ended',
  'ms',
  'prompt',
  'negative_prompt',
  'model',
  'backend',
  'dialect',
  'server',
  'plan_hash',
  'seed',
  'error_code',
  'picture_count',
] as const satisfies readonly (keyof RunRow)[]

const pictureColumns = [
  'digest',
  'path',
  'place',
  'stage',
  'width',
  'height',
  'seed',
  'lineage',
  'rating',
  'note',
  'run_id',
  'folder',
] as const satisfies readonly (keyof PictureRow)[]

const finalFirst = `case place when 'final' then 0 when 'unfinished' then 1 else 2 end`

/** The newest rating of each picture: whichever run it was given in. */
const newestRatings = `
  select digest as rated_digest, rating, note, at from (
    select *, row_number() over (partition by digest order by at desc, rowid desc) as place from ratings
  ) where place = 1`

function selectPictures(
  db: Database,
  where: string,
  values: readonly unknown[],
  order: string,
): readonly PictureRow[] {
  const columns = pictureColumns.map((name) => (name === 'seed' ? 'pictures.seed' : name))
  const rows = db.query(
    `select ${columns.join(', ')} from pictures join runs on runs.seq = pictures.run
     left join (${newestRatings}) as rated on rated_digest = digest
     where ${where} order by ${order}`,
    values,
  )
  return rows.map(
    (row) => Object.fromEntries(pictureColumns.map((name, i) => [name, row[i]])) as never,
  )
}

function whereOf(query: RunQuery): {
  readonly where: string
  readonly values: readonly (string | number)[]
} {
  const conditions = conditionsOf(query)
  return {
    where: conditions.map(([sql]) => `(${sql})`).join(' and ') || 'true',
    values: conditions.flatMap(([, value]) => (value === undefined ? [] : [value])),
  }
}

type Condition = readonly [sql: string, value?: string | number]

function conditionsOf(query: RunQuery): Condition[] {
  const { status, text, model, since, until, minRating } = query
  const open = status === 'running' || status === 'interrupted'
  const conditions: (Condition | false)[] = [
    open && ['ended is null'],
    status !== undefined && !open && ['ended = ?', status],
    text !== undefined && text.trim() !== '' && wordCondition(text),
    model !== undefined && [`model like ? escape '\\'`, `%${escaped(model)}%`],
    since !== undefined && ['created_at >= ?', since.toISOString()],
    until !== undefined && ['created_at < ?', until.toISOString()],
    minRating !== undefined && [
      `seq in (select run from pictures join (${newestRatings}) on rated_digest = digest where rating >= ?)`,
      minRating,
    ],
  ]
  return conditions.filter((one) => one !== false)
}

/** Every word in quotes, so that none is an operator; what has no letter or digit is no word. */
function wordCondition(text: string): Condition {
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  if (words.length === 0) return ['false']
  const quoted = words.map((word) => `"${word.replaceAll('"', '""').replaceAll('\0', '')}"*`)
  return ['seq in (select rowid from words where words match ?)', quoted.join(' ')]
}

/** For `like … escape '\'`. */
function escaped(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}
