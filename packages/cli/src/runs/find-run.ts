import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

import {
  placeOf,
  readRun,
  type RunOnDisk,
  type RunStatus,
  type RunStore,
} from '@stagewright/run-store'

import { errors } from '../errors.js'
import { isThere } from '../run-file/read.js'

/** The run that is meant: by its folder, by its name under the root, by the beginning of that, or by its id; a cell of
 *  a sweep also by its number, where one sweep alone has it.
 *  @throws {PipelineError} SW_CLI_NO_SUCH_RUN, SW_STORE_… */
export async function findRun(named: string, store: RunStore, cwd: string): Promise<RunOnDisk> {
  const path = resolve(cwd, named)
  if (await isThere(join(path, 'journal.jsonl'))) return readRun(path)
  const folders = await store.folders()
  const exact = folders.find((folder) => placeOf(folder).name === named)
  if (exact !== undefined) return readRun(exact)
  const begun = folders.filter(
    (folder) => placeOf(folder).name.startsWith(named) || basename(folder) === named,
  )
  if (begun.length === 1) return readRun(begun[0] ?? '')
  const byId = /^[0-9a-f-]{6,}$/.test(named) ? await withId(named, folders) : []
  if (byId.length === 1 && byId[0] !== undefined) return byId[0]
  const near = begun.length > 1 ? begun : folders.slice(-5).toReversed()
  throw errors.SW_CLI_NO_SUCH_RUN({
    named,
    root: store.root,
    several: begun.length > 1,
    near: near.map((folder) => placeOf(folder).name),
  })
}

/** The newest run that can go on.
 *  @throws {PipelineError} SW_CLI_NOTHING_TO_RESUME */
export async function newestUnfinished(store: RunStore): Promise<RunOnDisk> {
  const folders = await store.folders()
  for (const folder of folders.toReversed()) {
    const run = await readRun(folder)
    if (canGoOn.has(run.status)) return run
  }
  throw errors.SW_CLI_NOTHING_TO_RESUME({ root: store.root, runs: folders.length })
}

const canGoOn: ReadonlySet<RunStatus> = new Set(['interrupted', 'cancelled', 'failed', 'partial'])

async function withId(id: string, folders: readonly string[]): Promise<RunOnDisk[]> {
  const found: RunOnDisk[] = []
  for (const folder of folders) {
    if (!(await readdir(folder)).includes('run.json')) continue
    const run = await readRun(folder)
    if (run.record?.run_id.startsWith(id) === true) found.push(run)
  }
  return found
}
