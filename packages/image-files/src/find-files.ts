import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'

import { errors } from './errors.js'
import { naturally } from './natural-order.js'

/** Where files may be: symlinks are followed before the places are compared. */
export interface Places {
  readonly root: string
  readonly allow: readonly string[]
  readonly maxFiles: number
}

/** The picture files behind a reference: one file, the pictures of a folder (not of those within), or a glob's.
 *  @returns real paths in natural order
 *  @throws {PipelineError} SW_IMAGE_OUTSIDE_ROOT, SW_IMAGE_FILE_NOT_FOUND, SW_IMAGE_TOO_MANY, SW_IMAGE_BAD_REFERENCE */
export async function findFiles(reference: string, places: Places): Promise<readonly string[]> {
  check(reference)
  const path = resolve(places.root, reference)
  const found = await statOf(path)
  if (found === undefined && isGlob(reference)) return filesOfGlob(reference, places)
  if (found === undefined) {
    await refuseOutside(reference, path, places)
    throw errors.SW_IMAGE_FILE_NOT_FOUND({ reference, root: places.root })
  }
  const real = await refuseOutside(reference, path, places)
  if (!found.isDirectory()) return [real]
  const names = (await readdir(real)).filter((name) => isPictureName(name))
  return within(
    reference,
    names.map((name) => join(real, name)),
    places,
  )
}

const magic = /[*?[\]{}!()]/

function isGlob(reference: string): boolean {
  return magic.test(reference)
}

function isPictureName(name: string): boolean {
  return !name.startsWith('.') && /\.(png|jpe?g|webp|avif|tiff?|gif)$/i.test(name)
}

function check(reference: string): void {
  const problem =
    reference.trim() === ''
      ? 'it is empty'
      : reference.includes('\0')
        ? 'it holds a null character'
        : undefined
  if (problem !== undefined) throw errors.SW_IMAGE_BAD_REFERENCE({ reference, problem })
}

/** The part of a glob before its first special character is a folder like any other: it is checked before anything in
 *  it is listed. */
async function filesOfGlob(reference: string, places: Places): Promise<readonly string[]> {
  const { glob } = await import('tinyglobby')
  const steps = reference.split('/')
  const first = steps.findIndex((step) => magic.test(step))
  const fixed = steps.slice(0, first).join('/')
  const pattern = steps.slice(first).join('/')
  if (steps.slice(first).includes('..'))
    throw errors.SW_IMAGE_BAD_REFERENCE({ reference, problem: '".." stands behind a wildcard' })
  const base = resolve(places.root, isAbsolute(reference) ? `${fixed}/` : fixed)
  const real = await refuseOutside(reference, base, places)
  if ((await statOf(real))?.isDirectory() !== true) return []
  const names = await glob(pattern, {
    cwd: real,
    onlyFiles: true,
    followSymbolicLinks: true,
    expandDirectories: false,
  })
  return within(
    reference,
    names
      .filter((name) => isPictureName(name.split('/').at(-1) ?? ''))
      .map((name) => join(real, name)),
    places,
  )
}

/** Each file's own real place is checked too: a link in an allowed folder may lead out of it. */
async function within(
  reference: string,
  paths: readonly string[],
  places: Places,
): Promise<readonly string[]> {
  if (paths.length > places.maxFiles)
    throw errors.SW_IMAGE_TOO_MANY({ reference, most: places.maxFiles })
  const sorted = paths.toSorted(naturally)
  const real: string[] = []
  for (const path of sorted) {
    const target = await refuseOutside(reference, path, places)
    if ((await statOf(target))?.isFile() === true) real.push(target)
  }
  return real
}

/** @returns the real path */
async function refuseOutside(reference: string, path: string, places: Places): Promise<string> {
  const target = await realOf(path)
  const allowed = await Promise.all([places.root, ...places.allow].map((place) => realOf(place)))
  if (allowed.some((place) => isWithin(target, place))) return target
  throw errors.SW_IMAGE_OUTSIDE_ROOT({ reference, target, root: places.root })
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}

/** The real path; of what does not exist, the real path of its nearest folder that does, and the rest. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = resolve(path, '..')
    return parent === path ? path : join(await realOf(parent), relative(parent, path))
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch {
    return undefined
  }
}
