import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'

import { writeError, writeWhole } from '@stagewright/run-store'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { initFiles, initKinds } from './init-files.js'

/** `stagewright init [file]`: writes a commented run file.
 *  @throws {PipelineError} SW_CLI_FILE_EXISTS, SW_STORE_WRITE_FAILED, SW_CLI_USAGE */
export async function initCommand(
  given: string | undefined,
  options: { readonly kind: string; readonly force?: true },
  host: CliHost,
): Promise<void> {
  const kind = initKinds.find((one) => one === options.kind)
  if (kind === undefined)
    throw errors.SW_CLI_USAGE({
      problem: `there is no kind ${JSON.stringify(options.kind)}: choose ${initKinds.join(', ')}`,
      command: 'stagewright init',
    })
  const file = given ?? `${kind}.yaml`
  const path = resolve(host.cwd, file)
  const text = initFiles[kind]
  if (options.force === true) await writeWhole(path, text)
  else await writeNew(path, file, text)
  host.stdout.write(
    `${file} is written\n  look at it   stagewright plan ${file}\n  run it       stagewright run ${file}\n`,
  )
}

async function writeNew(path: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw errors.SW_CLI_FILE_EXISTS({ file })
    throw writeError(path, error)
  }
}
