import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

import { codeOf, isMissing, writeError } from './files.js'

/** Who holds a lock file. */
export interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process began, where the system tells it: a later process may have the same number. */
  readonly began?: string | undefined
}

/** Takes the lock, unless somebody who is still there holds it.
 *  @returns who holds it, if not we */
export async function takeLock(path: string): Promise<Holder | undefined> {
  const holder: Holder = { pid: process.pid, host: hostname(), began: await ownBegan() }
  // A lock is there with its content or not at all: a link to a file that is written already.
  const draft = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(draft, JSON.stringify(holder), { flag: 'wx' })
    for (;;) {
      try {
        await link(draft, path)
        return undefined
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const other = await lockHolder(path)
      if (other !== undefined) return other
      await bury(path)
    }
  } catch (error) {
    throw writeError(path, error)
  } finally {
    await rm(draft, { force: true })
  }
}

/** Takes away a lock that was left by one that is gone; another process may do the same, and may have taken it since. */
async function bury(path: string): Promise<void> {
  const grave = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await rename(path, grave)
    if ((await lockHolder(grave)) !== undefined) await link(grave, path)
  } catch (error) {
    if (!isMissing(error) && codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(grave, { force: true })
  }
}

export async function releaseLock(path: string): Promise<void> {
  await rm(path, { force: true })
}

/** Who holds the lock; undefined where nobody does who is still there. On another host that cannot be told: it counts
 *  as held. */
export async function lockHolder(path: string): Promise<Holder | undefined> {
  const holder = await readHolder(path)
  if (holder === undefined || holder.host !== hostname()) return holder
  if (!isAlive(holder.pid)) return undefined
  const began = await beganOf(holder.pid)
  return holder.began === began ? holder : undefined
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    const { pid, host, began } = (value ?? {}) as Partial<Holder>
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host, began } : undefined
  } catch (error) {
    if (isMissing(error) || error instanceof SyntaxError) return undefined
    throw writeError(path, error)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

let own: Promise<string | undefined> | undefined

function ownBegan(): Promise<string | undefined> {
  own ??= beganOf(process.pid)
  return own
}

/** @source proc(5): field 22 of /proc/pid/stat, in clock ticks since boot */
async function beganOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
