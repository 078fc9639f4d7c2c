import { access, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'

import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'

import { errors } from '../errors.js'
import { throwAll } from '../report/several.js'
import { misreadPrompts } from './prompts.js'

/** A run file as read: plain data, and where in the text each value stands. */
export interface RunFile {
  /** Absolute. */
  readonly path: string
  readonly folder: string
  /** As shown to the user: relative to where the command was called. */
  readonly shown: string
  /** The name without its ending. */
  readonly stem: string
  readonly config: unknown
  /** `12:5` of a value (`adetailer.units[0].ad_model`), or of the nearest thing around it that is written. */
  readonly place: (path: string) => string | undefined
}

const mostBytes = 2 ** 20
/** Aliases that one anchor may be used for: a file of nested aliases would grow without end. */
const mostAliases = 100

/** Reads a YAML or JSON run file (JSON is YAML).
 *  @throws {PipelineError} SW_CLI_FILE_NOT_FOUND, SW_CLI_FILE_TOO_LARGE, SW_CLI_FILE_UNREADABLE, and SW_CLI_YAML_SYNTAX
 *  with line and column */
export async function readRunFile(file: string, cwd: string): Promise<RunFile> {
  const path = resolve(cwd, file)
  const way = relative(cwd, path)
  const shown = way !== '' && way.length < path.length ? way : path
  const text = await readText(path, shown)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
  })
  const place = (at: number): string => {
    const { line, col } = lines.linePos(at)
    return `${shown}:${line}:${col}`
  }
  const lineAt = (at: number): string => text.split('\n')[lines.linePos(at).line - 1] ?? ''
  const mistakes = [...document.errors, ...document.warnings].map((one) => mistakeIn(one, text))
  throwAll([
    ...[...mistakes, ...unknownAliases(document)].map(({ at, problem }) =>
      errors.SW_CLI_YAML_SYNTAX({
        place: place(at),
        problem,
        excerpt: excerptOf(lineAt(at), lines.linePos(at).col),
        prompt: /prompt["']?\s*:/.test(lineAt(at)),
      }),
    ),
    ...(mistakes.length > 0 ? [] : misreadPrompts(document, place)),
  ])
  return {
    path,
    shown,
    folder: dirname(path),
    stem: basename(path, extname(path)),
    config: toData(document, shown),
    place: (where) => {
      const at = offsetOf(document, where)
      return at === undefined ? undefined : place(at)
    },
  }
}

export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > mostBytes)
      throw errors.SW_CLI_FILE_TOO_LARGE({ file: shown, bytes: size, most: mostBytes })
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw errors.SW_CLI_FILE_NOT_FOUND({ file: shown, near: await runFilesIn(dirname(path)) })
    if (code?.startsWith('SW_') === true) throw error
    throw errors.SW_CLI_FILE_UNREADABLE({ file: shown, reason: message }, { cause: error })
  }
}

async function runFilesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).slice(0, 10)
  } catch {
    return []
  }
}

function toData(document: Document.Parsed, shown: string): unknown {
  try {
    return document.toJS({ maxAliasCount: mostAliases })
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw errors.SW_CLI_YAML_SYNTAX(
      { place: shown, problem, excerpt: '', prompt: false },
      { cause: error },
    )
  }
}

interface Mistake {
  readonly at: number
  readonly problem: string
}

function mistakeIn({ code, message, pos: [at] }: YAMLError, text: string): Mistake {
  if (code !== 'DUPLICATE_KEY') return { at, problem: message }
  // The parser points at the end of what stands before.
  const start = at + (text.slice(at).match(/^\s*/)?.[0].length ?? 0)
  const key = text
    .slice(start)
    .match(/^[^:\n]*/)?.[0]
    .trim()
  return { at: start, problem: `the key ${key} is written twice` }
}

function unknownAliases(document: Document.Parsed): Mistake[] {
  const found: Mistake[] = []
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined)
        found.push({ at: alias.range?.[0] ?? 0, problem: `there is no anchor &${alias.source}` })
    },
  })
  return found
}

function excerptOf(line: string, column: number): string {
  const from = Math.max(0, column - 60)
  return `    ${line.slice(from, from + 90)}\n    ${' '.repeat(Math.max(0, column - 1 - from))}^`
}

/** Where a value's key stands (a list's entry: itself), or that of the nearest thing around it that is written. Keys may
 *  have dots in them, as the fields of a sweep have. */
function offsetOf(document: Document.Parsed, where: string): number | undefined {
  let around: unknown = document.contents
  let left = where
  let offset: number | undefined
  for (;;) {
    const step = stepInto(around, left)
    if (step === undefined) return offset
    offset = startOf(step.at) ?? offset
    around = step.value
    left = left.slice(step.length).replace(/^\./, '')
  }
}

/** The longest key that a path begins with, or the entry of a list. */
function stepInto(
  around: unknown,
  path: string,
): { readonly at: unknown; readonly value: unknown; readonly length: number } | undefined {
  const [index = '', number] = /^\[(\d+)\]/.exec(path) ?? []
  if (isSeq(around)) {
    const entry = number === undefined ? undefined : around.items[Number(number)]
    return entry === undefined ? undefined : { at: entry, value: entry, length: index.length }
  }
  if (!isMap(around)) return undefined
  const [longest] = around.items
    .map((pair) => ({ pair, key: String(keyOf(pair)) }))
    .filter(({ key }) => path === key || path.startsWith(`${key}.`) || path.startsWith(`${key}[`))
    .toSorted((a, b) => b.key.length - a.key.length)
  return longest === undefined
    ? undefined
    : { at: longest.pair.key, value: longest.pair.value, length: longest.key.length }
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function keyOf({ key }: Pair): unknown {
  return isScalar(key) ? key.value : key
}
