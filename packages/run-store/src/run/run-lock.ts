import { join } from 'node:path'

import { type Holder, lockHolder, releaseLock, takeLock } from '../disk/holder.js'
import { errors } from '../errors.js'

const lockName = 'run.lock'

/** Lets one process work on a run.
 *  @throws {PipelineError} SW_STORE_RUN_LOCKED */
export async function lockRun(folder: string): Promise<void> {
  const holder = await takeLock(join(folder, lockName))
  if (holder === undefined) return
  const { pid, host } = holder
  throw errors.SW_STORE_RUN_LOCKED({ path: folder, pid, host })
}

export async function unlockRun(folder: string): Promise<void> {
  await releaseLock(join(folder, lockName))
}

export async function holderOf(folder: string): Promise<Holder | undefined> {
  return lockHolder(join(folder, lockName))
}
