import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..')

/** Every page that people read, by its path in the repository: those of the root and of docs/, and the READMEs. */
export function pages(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'))
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    // docs/packages/ holds what the site makes of the READMEs.
    .filter((name) => !/^docs\/(node_modules|\.vitepress|packages)\//.test(name))
    .filter((name) => name.endsWith('.md'))
  const readmes = readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(join(root, path)))
  return [...top, ...docs, ...readmes, 'examples/README.md'].toSorted()
}

export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8').replaceAll('\r\n', '\n')
}
