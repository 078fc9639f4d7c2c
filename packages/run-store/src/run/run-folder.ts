import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { codeOf, writeError } from '../disk/files.js'
import { safeName, timeStamp } from './names.js'

/** Makes the folder of a new run: `<root>/<yyyymmdd-hhmmss>-<name>/`, with `-2`, `-3`, … where another run has it.
 *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function makeRunFolder(root: string, name: string, now: Date): Promise<string> {
  return makeFolder(root, `${timeStamp(now)}-${safeName(name, 70)}`)
}

/** Makes a folder under the root, with `-2`, `-3`, … where there is one of the name.
 *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function makeFolder(root: string, stem: string): Promise<string> {
  try {
    await mkdir(dirname(join(root, stem)), { recursive: true })
    for (let i = 1; ; i++) {
      const path = join(root, i === 1 ? stem : `${stem}-${i}`)
      try {
        await mkdir(path)
        return path
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
    }
  } catch (error) {
    throw writeError(root, error)
  }
}
