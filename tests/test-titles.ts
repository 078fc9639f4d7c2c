import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** The sources of all tests, the testkit's journeys and clauses among them. */
function sources(): string[] {
  const packages = readdirSync(join(root, 'packages'))
  const tests = [
    ...packages.map((name) => join(root, 'packages', name, 'test')),
    import.meta.dirname,
  ].flatMap((folder) => filesIn(folder).filter((file) => file.endsWith('.test.ts')))
  const suites = ['journeys', 'contract'].flatMap((name) =>
    filesIn(join(root, 'packages/testkit/src', name)),
  )
  return [...tests, ...suites].map((file) => readFileSync(file, 'utf8'))
}

/** Those of the titles that no test has. */
export function missingTitles(titles: readonly string[]): string[] {
  const texts = sources()
  return titles.filter((title) => !texts.some((text) => text.includes(`'${title}'`)))
}

/** Packages that tests have installed are not looked into. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (!entry.isDirectory()) return [path]
    return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : filesIn(path)
  })
}
