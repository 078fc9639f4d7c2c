import { readFile, realpath, stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

import { messageOf } from '@stagewright/core'
import { linesOf, type WildcardReader } from '@stagewright/scheduler'

import type { RunFileOptions } from '../commands/options.js'
import type { CliHost } from '../host.js'
import type { RunFile } from './read.js'

/** Reads `name.txt` of the folder that the sweep names: within that of the run file, or one that is allowed. */
export function wildcardsIn(
  file: RunFile,
  from: string | undefined,
  options: RunFileOptions,
  host: CliHost,
): WildcardReader | undefined {
  if (from === undefined) return undefined
  const folder = resolve(file.folder, from)
  const allowed = [file.folder, ...(options.allowPath ?? []).map((one) => resolve(host.cwd, one))]
  return async (name) => {
    const path = resolve(folder, `${name}.txt`)
    try {
      const real = await realpath(path)
      const roots = await Promise.all(allowed.map((one) => realpath(one)))
      if (!roots.some((root) => real.startsWith(`${root}${sep}`)))
        return { reason: 'it lies outside the folder of the run file (--allow-path lets it)' }
      if ((await stat(real)).size > mostBytes) return { reason: 'it is over 1 MiB large' }
      const lines = linesOf(await readFile(real, 'utf8'))
      return lines.length === 0 ? { reason: 'it is empty' } : lines
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      return { reason: missing ? 'there is no such file' : messageOf(error) }
    }
  }
}

const mostBytes = 2 ** 20
