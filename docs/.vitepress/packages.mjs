import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const repositoryRoot = join(import.meta.dirname, '../..')

/** The packages that have a README, which is a page of the site. */
export function packageNames() {
  return readdirSync(join(repositoryRoot, 'packages')).filter((name) =>
    existsSync(join(repositoryRoot, 'packages', name, 'README.md')),
  )
}
