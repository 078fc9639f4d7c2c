import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { packageNames, repositoryRoot } from '../.vitepress/packages.mjs'

/** The READMEs of the packages are pages of the site as they stand; they are written once, beside the code. */
export default {
  watch: ['../../packages/*/README.md'],
  paths: () =>
    packageNames().map((name) => ({
      params: { name },
      content: fromHere(readFileSync(join(repositoryRoot, 'packages', name, 'README.md'), 'utf8')),
    })),
}

/** The links of a package's README as they are written in this folder.
 *  @param {string} text */
function fromHere(text) {
  return text
    .replaceAll('](../../docs/', '](../')
    .replaceAll(/\]\(\.\.\/([\w-]+)\/README\.md/g, ']($1.md')
}
