import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const repositoryRoot = join(import.meta.dirname, '../..')

/** Makes a page of each package's README, so that the search finds what stands there. The pages are not committed:
 *  READMEs are written once, beside the code.
 *  @returns {string[]} the packages that have one */
export function writePackagePages() {
  const folder = join(repositoryRoot, 'docs/packages')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return readdirSync(join(repositoryRoot, 'packages')).filter((name) => {
    const readme = join(repositoryRoot, 'packages', name, 'README.md')
    if (!existsSync(readme)) return false
    // What a stage's README tells is found on the page of its section.
    const front = name.startsWith('stage-') ? '---\nsearch: false\n---\n\n' : ''
    writeFileSync(join(folder, `${name}.md`), front + fromHere(readFileSync(readme, 'utf8')))
    return true
  })
}

/** The links of a package's README as they are written in docs/packages/.
 *  @param {string} text */
function fromHere(text) {
  return text
    .replaceAll('](../../docs/', '](../')
    .replaceAll(/\]\(\.\.\/([\w-]+)\/README\.md/g, ']($1.md')
}
