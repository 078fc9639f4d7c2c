import { appendFile, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { PlanNote, RunConfig } from '@stagewright/core'
import { writeError, writeWhole } from '@stagewright/run-store'

import type { Cell } from './cells.js'
import { sweepErrors } from './errors.js'
import type { SweepAxis, SweepPlan } from './plan.js'

/** `sweep.json`: what a sweep is, settled before its first call. */
export interface SweepRecord {
  readonly v: 1
  readonly name: string
  /** ISO 8601, UTC. */
  readonly created_at: string
  /** The section `sweep` as its author wrote it. */
  readonly given: unknown
  readonly base: RunConfig
  readonly axes: readonly SweepAxis[]
  readonly x?: string | undefined
  readonly y?: string | undefined
  readonly cells: readonly Cell[]
  readonly order: readonly number[]
  readonly estimates: readonly (number | null)[]
  readonly shared: boolean
  readonly notes: readonly PlanNote[]
  /** What whoever began it wants to know when it is resumed. */
  readonly options: Readonly<Record<string, unknown>>
}

export type CellStatus = 'done' | 'partial' | 'failed' | 'cancelled'

/** What came of a cell: a line of `cells.jsonl`. */
export interface CellResult {
  /** Of the cell. */
  readonly cell: number
  readonly status: CellStatus
  /** The folder of its run within that of the sweep; null where it never began. */
  readonly run: string | null
  /** Of its pictures, within the folder of the sweep. */
  readonly pictures: readonly string[]
  readonly seeds: readonly number[]
  readonly warnings: readonly string[]
  readonly error?: CellFailure | undefined
  readonly calls_made: number
  readonly calls_kept: number
  /** Those of several servers that made its calls, kept ones too. */
  readonly servers?: readonly string[] | undefined
  readonly ms: number
}

export interface CellFailure {
  readonly code: string
  readonly message: string
  readonly hint: string
}

/** A sweep as its folder tells it. */
export interface SweepOnDisk {
  /** Absolute. */
  readonly folder: string
  readonly record: SweepRecord
  /** By the number of the cell, the newest of each. */
  readonly results: ReadonlyMap<number, CellResult>
}

export const sweepFile = 'sweep.json'
const resultsFile = 'cells.jsonl'
const mostBytes = 2 ** 28
/** The format of `sweep.json`. */
const format = 1

export function recordOf(
  plan: SweepPlan,
  about: Pick<SweepRecord, 'name' | 'created_at' | 'given' | 'options'>,
): SweepRecord {
  const { base, axes, x, y, cells, order, estimates, shared, notes } = plan
  return {
    v: format,
    ...about,
    base,
    axes,
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
    cells,
    order,
    estimates: estimates.map((ms) => ms ?? null),
    shared,
    notes,
  }
}

export async function writeSweep(folder: string, record: SweepRecord): Promise<void> {
  const { cells, ...rest } = record
  // A cell a line: it is looked through by people.
  const head = JSON.stringify(rest, null, 2).replace(/\n}$/, '')
  const lines = cells.map((cell) => `    ${JSON.stringify(cell)}`)
  await writeWhole(
    join(folder, sweepFile),
    `${head},\n  "cells": [\n${lines.join(',\n')}\n  ]\n}\n`,
  )
}

/** @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function addResult(folder: string, result: CellResult): Promise<void> {
  const path = join(folder, resultsFile)
  try {
    await appendFile(path, `${JSON.stringify(result)}\n`, { flush: true })
  } catch (error) {
    throw writeError(path, error)
  }
}

/** Reads a sweep from its folder.
 *  @throws {PipelineError} SW_SWEEP_NOT_A_SWEEP, SW_SWEEP_NEWER */
export async function readSweep(folder: string): Promise<SweepOnDisk> {
  const refuse = (problem: string) => sweepErrors.SW_SWEEP_NOT_A_SWEEP({ path: folder, problem })
  const record = await readRecord(join(folder, sweepFile), refuse)
  const text = await readFile(join(folder, resultsFile), 'utf8').catch(() => '')
  const results = new Map<number, CellResult>()
  for (const line of text.split('\n')) {
    const result = lineOf(line)
    if (result !== undefined) results.set(result.cell, result)
  }
  return { folder, record, results }
}

/** The folders of a cell's run, the newest first: a number, and `-2`, `-3` where it was begun again. */
export async function cellFolders(folder: string): Promise<ReadonlyMap<number, readonly string[]>> {
  const names = await readdir(join(folder, 'cells')).catch((): string[] => [])
  const found = new Map<number, string[]>()
  const attempt = (name: string): number => Number(name.split('-')[1] ?? 1)
  for (const name of names.toSorted((a, b) => attempt(b) - attempt(a))) {
    const number = Number.parseInt(name, 10)
    const known = found.get(number)
    if (known === undefined) found.set(number, [`cells/${name}`])
    else known.push(`cells/${name}`)
  }
  return found
}

/** The folder of a cell's run within that of the sweep: `cells/0007`. */
export function cellFolder({ number }: Pick<Cell, 'number'>, count: number): string {
  return `cells/${String(number).padStart(Math.max(4, String(count).length), '0')}`
}

async function readRecord(path: string, refuse: (problem: string) => Error): Promise<SweepRecord> {
  let value: unknown
  try {
    if ((await stat(path)).size > mostBytes)
      throw refuse(`its sweep.json has over ${mostBytes} bytes`)
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw refuse('its sweep.json is no JSON')
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw refuse('it holds no sweep.json')
    throw error
  }
  const record = (value ?? {}) as Readonly<Record<string, unknown>>
  const { v } = record
  if (typeof v === 'number' && v > format)
    throw sweepErrors.SW_SWEEP_NEWER({ path: dirname(path), found: v, known: format })
  const wrong = Object.entries(needed).flatMap(([field, is]) => (is(record[field]) ? [] : [field]))
  if (wrong.length > 0) throw refuse(`its sweep.json has no proper ${wrong.join(', ')}`)
  return value as SweepRecord
}

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a sweep cannot be shown or resumed without. */
const needed: Readonly<Partial<Record<keyof SweepRecord, (value: unknown) => boolean>>> = {
  v: (value) => value === format,
  name: (value) => typeof value === 'string',
  created_at: (value) => typeof value === 'string',
  base: isMap,
  axes: Array.isArray,
  cells: Array.isArray,
  order: Array.isArray,
  options: isMap,
}

/** A line that a crash cut off is none. */
function lineOf(line: string): CellResult | undefined {
  if (line.trim() === '') return undefined
  try {
    const value = JSON.parse(line) as Partial<CellResult>
    return typeof value.cell === 'number' && typeof value.status === 'string'
      ? (value as CellResult)
      : undefined
  } catch {
    return undefined
  }
}
