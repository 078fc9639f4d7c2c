import { randomBytes } from 'node:crypto'
import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { errors } from '../errors.js'
import { safeName, timeStamp } from './names.js'

/** The folder of one run: made new, never shared, never written over. */
export class RunFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /** `<out>/<yyyymmdd-hhmmss>-<stem>/`, with `-2`, `-3`, … when another run has the name.
   *  @throws {PipelineError} SW_CLI_OUTPUT_FAILED */
  static async create(out: string, stem: string, now: Date): Promise<RunFolder> {
    const name = `${timeStamp(now)}-${safeName(stem, 70)}`
    await checkWritable(out)
    for (let i = 1; ; i++) {
      const path = join(out, i === 1 ? name : `${name}-${i}`)
      try {
        await mkdir(path)
        return new RunFolder(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw failed(path, error)
      }
    }
  }

  /** Writes a new file within, whole or not at all.
   *  @returns its absolute path
   *  @throws {PipelineError} SW_CLI_OUTPUT_FAILED */
  async write(name: string, content: Uint8Array | string): Promise<string> {
    const path = join(this.path, name)
    await writeWhole(path, content)
    return path
  }
}

/** Makes the folder where needed, and checks that files can be written there.
 *  @throws {PipelineError} SW_CLI_OUTPUT_FAILED */
export async function checkWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw failed(folder, error)
  }
}

/** Writes a file under a temporary name, then renames it: nobody sees half of it.
 *  @throws {PipelineError} SW_CLI_OUTPUT_FAILED */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw failed(path, error)
  }
}

function failed(path: string, error: unknown) {
  const reason = error instanceof Error ? error.message : String(error)
  return errors.SW_CLI_OUTPUT_FAILED({ path, reason }, { cause: error })
}
