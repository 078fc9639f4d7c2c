import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { History } from '@stagewright/run-store'

import { isThere } from '../run-file/read.js'

/** What the history knows a picture by: its file in the folder of a run; of a file elsewhere, the SHA-256 of its bytes;
 *  else the name as it was given.
 *  @throws {PipelineError} SW_HISTORY_FAILED */
export async function pictureNamed(named: string, history: History, cwd: string): Promise<string> {
  const path = resolve(cwd, named)
  if (!(await isThere(path))) return named
  if ((await history.picture(path)) !== undefined || !(await stat(path)).isFile()) return path
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const digest = hash.digest('hex')
  return (await history.picture(digest)) === undefined ? path : digest
}
