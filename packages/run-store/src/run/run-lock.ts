import { join } from 'node:path'

import { type Holder, lockHolder, releaseLock, takeLock } from '../disk/holder.js'
import { errors } from '../errors.js'

export function runLockPath(folder: string): string {
  return join(folder, 'run.lock')
}

/** Lets one process work on a run.
 *  @throws {PipelineError} SW_STORE_RUN_LOCKED */
export async function lockRun(folder: string): Promise<void> {
  const holder = await takeLock(runLockPath(folder))
  if (holder === undefined) return
  const { pid, host } = holder
  throw errors.SW_STORE_RUN_LOCKED({ path: folder, pid, host })
}

export async function unlockRun(folder: string): Promise<void> {
  await releaseLock(runLockPath(folder))
}

export async function holderOf(folder: string): Promise<Holder | undefined> {
  return lockHolder(runLockPath(folder))
}
