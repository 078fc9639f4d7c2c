import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

import { type Names, namesFrom } from './names.js'
import { withNodeTest } from './with-node-test.js'

export interface NewStage {
  /** The npm package: `film-grain`, `@acme/film-grain`. */
  readonly name: string
  /** The stage's name in run files. Default: from the package's name and owner. */
  readonly stage?: string | undefined
  /** Which test runner its tests are wired for. Default vitest. */
  readonly runner?: Runner | undefined
  /** Where its folder is made. */
  readonly cwd: string
}

export type Runner = 'vitest' | 'node'
export const runners: readonly Runner[] = ['vitest', 'node']

/** The folder cannot be filled, and what to do. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

/** Makes a folder with a package that holds a working stage. Nothing is installed, and nothing is written over.
 *  @returns the names, the folder, and the paths of its files within it
 *  @throws {BadName} for a name that is none
 *  @throws {FolderInUse} when the folder is there and not empty */
export async function createStage(
  wanted: NewStage,
): Promise<{ readonly names: Names; readonly folder: string; readonly files: readonly string[] }> {
  const names = namesFrom(wanted.name, wanted.stage)
  const folder = join(wanted.cwd, names.folder)
  if ((await entriesOf(folder)).length > 0)
    throw new FolderInUse(`the folder ${names.folder} is not empty: take another name, or empty it`)
  const template = await readTemplate(await ownVersion())
  const files = wanted.runner === 'node' ? withNodeTest(template) : template
  for (const [path, text] of files) {
    const to = join(folder, path)
    await mkdir(dirname(to), { recursive: true })
    await writeFile(to, named(text, names), { flag: 'wx' })
  }
  return { names, folder, files: [...files.keys()] }
}

const root = join(import.meta.dirname, '..')
const template = join(root, 'template')

/** The files of the template, by path. npm leaves `.gitignore` out of packages: it has no dot there. */
async function readTemplate(version: string): Promise<Map<string, string>> {
  const entries = await readdir(template, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
  const files = new Map<string, string>()
  for (const path of paths) {
    const text = await readFile(join(template, path), 'utf8')
    files.set(
      path === 'gitignore' ? '.gitignore' : path,
      path === 'package.json' ? withVersions(text, version) : text,
    )
  }
  return files
}

/** All our packages have one version: the stage is developed with those of the program that made it. */
function withVersions(manifest: string, version: string): string {
  return manifest.replaceAll(/("@stagewright\/[a-z0-9-]+": )"\*"/g, `$1"^${version}"`)
}

async function ownVersion(): Promise<string> {
  const text = await readFile(join(root, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** The text with the template's names replaced. */
function named(text: string, names: Names): string {
  const type = names.identifier.replace(/^./, (letter) => letter.toUpperCase())
  return text
    .replaceAll('my-stage', names.package)
    .replaceAll('my_stage', names.stage)
    .replaceAll('myStage', names.identifier)
    .replaceAll('MyStage', type)
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
