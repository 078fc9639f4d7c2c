import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

import { isWhole, readSweep, sweepFile } from '@stagewright/scheduler'

/** The folder of the sweep that is to go on: the one that is named, by its folder or its name; with none named, the
 *  newest thing that is unfinished, where that is a sweep. */
export async function sweepToResume(
  named: string | undefined,
  root: string,
  cwd: string,
): Promise<string | undefined> {
  if (named !== undefined) return sweepNamed(named, root, cwd)
  const names = await readdir(root).catch((): string[] => [])
  const folders = names
    .toSorted()
    .toReversed()
    .map((name) => join(root, name))
  for (const folder of folders.filter((one) => existsSync(join(one, sweepFile))))
    if (!isWhole(await readSweep(folder))) {
      const newer = folders.slice(0, folders.indexOf(folder))
      return newer.some((one) => unfinishedRun(one)) ? undefined : folder
    }
  return undefined
}

/** The folder of the sweep of that name: its path, its name under the root, or the beginning of that, where nothing
 *  else there begins so. */
export async function sweepNamed(
  named: string,
  root: string,
  cwd: string,
): Promise<string | undefined> {
  const names = await readdir(root).catch((): string[] => [])
  const begun = names.filter((name) => name.startsWith(named))
  const places = [
    resolve(cwd, named),
    ...(begun.length === 1 ? begun : [named]).map((name) => join(root, name)),
  ]
  return places.find((folder) => existsSync(join(folder, sweepFile)))
}

/** A run beside the sweeps; whether it is finished is looked at when it is chosen. */
function unfinishedRun(folder: string): boolean {
  return !basename(folder).startsWith('.') && existsSync(join(folder, 'journal.jsonl'))
}
