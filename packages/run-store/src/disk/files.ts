import { randomBytes } from 'node:crypto'
import { access, constants, copyFile, link, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { isPipelineError } from '@stagewright/core'

import { errors } from '../errors.js'

/** Writes a file under a temporary name, syncs and renames it: after a crash it is whole, or not there.
 *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function writeWhole(
  path: string,
  content: Uint8Array | string,
  { sync = true }: { readonly sync?: boolean } = {},
): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(content)
      if (sync) await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw writeError(path, error)
  }
}

/** Makes the folder where needed, and checks that files can be written there.
 *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function checkWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
  } catch (error) {
    throw writeError(folder, error)
  }
}

/** Makes renames within a folder durable. Where folders cannot be synced (Windows), that is left to the system. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw writeError(folder, error)
  }
}

/** Gives a file a second name; where the disk cannot, a copy. What stood under that name is replaced, in one step.
 *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true })
    if (await isSameFile(from, to)) return
    const temporary = temporaryBeside(to)
    try {
      await link(from, temporary).catch((error: unknown) => {
        if (!cannotLink.has(codeOf(error))) throw error
        return copyFile(from, temporary)
      })
      await rename(temporary, to)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined)
      throw error
    }
  } catch (error) {
    throw writeError(to, error)
  }
}

/** What a failed write means to the user; errors of ours stay as they are. */
export function writeError(path: string, error: unknown): Error {
  if (isPipelineError(error)) return error
  const stopsRun = true as const
  return noSpace.has(codeOf(error))
    ? errors.SW_STORE_DISK_FULL({ path, stopsRun }, { cause: error })
    : errors.SW_STORE_WRITE_FAILED({ path, reason: reasonOf(error), stopsRun }, { cause: error })
}

export function readError(path: string, error: unknown): Error {
  if (isPipelineError(error)) return error
  return errors.SW_STORE_READ_FAILED({ path, reason: reasonOf(error) }, { cause: error })
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? ''
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const noSpace = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
/** Other disk, no links there, too many of one file. */
const cannotLink = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([stat(one), stat(other).catch(() => undefined)])
  return b !== undefined && a.ino === b.ino && a.dev === b.dev
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
}
