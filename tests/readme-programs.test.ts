import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

const root = join(import.meta.dirname, '..')
const readmes = [
  'README.md',
  ...readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'README.md')),
].filter((path) => existsSync(join(root, path)))
const programs = readmes.flatMap((path) => {
  const found = programsIn(readFileSync(join(root, path), 'utf8'))
  return found.map((program, at) => ({ name: `${path}, program ${at + 1}`, ...program }))
})

let folder: string

beforeAll(async () => {
  // Beside this file, so that the program's imports are found; hidden, so that no other tool picks it up.
  folder = await mkdtemp(join(import.meta.dirname, '.readme-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('programs in READMEs', () => {
  test('every stage has one', () => {
    const stages = readmes.filter((path) => /stage-\w+/.test(path))
    expect(stages.length).toBeGreaterThanOrEqual(5)
    for (const path of stages)
      expect(programs.map(({ name }) => name)).toContain(`${path}, program 1`)
  })

  test.each(programs)('$name prints what the README says', async ({ name, code, output }) => {
    const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.ts`)
    await writeFile(file, code)
    expect(await printedBy(() => import(file))).toBe(output)
  })
})

describe('the reader of programs', () => {
  test('takes the block behind the mark, and the block behind that as its output', () => {
    const page =
      '```ts\nskipped\n```\n<!-- program -->\n\n```ts\nrun()\n```\n\nPrints:\n\n```text\na\nb\n```\n'
    expect(programsIn(page)).toEqual([{ code: 'run()\n', output: 'a\nb' }])
  })

  test('refuses a mark without a program and its output', () => {
    expect(() => programsIn('<!-- program -->\n\n```sh\nls\n```\n')).toThrow('no program')
  })
})

/** The programs of a page that are marked with `<!-- program -->`, each with what it prints. */
function programsIn(page: string): { code: string; output: string }[] {
  const [, ...marked] = page.split('<!-- program -->')
  return marked.map((rest) => {
    const match = /^\s*```ts\n(.*?)^```\n.*?^```(?:text)?\n(.*?)^```$/ms.exec(rest)
    const [, code, output] = match ?? []
    if (code === undefined || output === undefined)
      throw new Error(`no program and output behind the mark: ${rest.slice(0, 60)}`)
    return { code, output: output.trimEnd() }
  })
}

async function printedBy(work: () => Promise<unknown>): Promise<string> {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(values.map(String).join(' '))
  })
  try {
    await work()
  } finally {
    log.mockRestore()
  }
  return lines.join('\n')
}
