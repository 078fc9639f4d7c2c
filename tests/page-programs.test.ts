import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import { runCli } from '@stagewright/cli'
import { startFakeWebui } from '@stagewright/fake-webui'
import { createStage } from 'create-stagewright-stage'
import { afterAll, describe, expect, test, vi } from 'vitest'

import { pages, root, textOf } from './pages.js'
import { type Program, programsIn } from './programs.js'

const run = promisify(execFile)
/** Where pages say that a server listens. */
const usual = 'http://127.0.0.1:7860'

// Beside this file, so that the programs' imports are found; hidden, so that no other tool picks it up.
const folder = await mkdtemp(join(import.meta.dirname, '.programs-'))
// One page begins with `npm create stagewright-stage @acme/frame`, and writes its files into what that makes.
const made = await createStage({ cwd: folder, name: '@acme/frame' })
const programs = pages().flatMap((page) =>
  programsIn(textOf(page)).map((program, at) => {
    const own = page === 'docs/write-a-stage.md' ? made.names.folder : page.replaceAll(/\W+/g, '-')
    const directory = join(folder, own)
    const name = `${page}, program ${at + 1}`
    return { ...program, page, name, path: join(directory, program.file ?? `program-${at + 1}.ts`) }
  }),
)
for (const { file, language, code, path } of programs) {
  await mkdir(dirname(path), { recursive: true })
  if (language === 'ts' || file !== undefined) await writeFile(path, code)
}
await writeFile(
  join(folder, 'tsconfig.json'),
  JSON.stringify({ extends: '../tsconfig.json', include: ['**/*.ts'] }),
)
afterAll(() => rm(folder, { recursive: true, force: true }))

const tests = programs.filter(({ file }) => file?.endsWith('.test.ts'))
const printing = programs.flatMap((program) =>
  program.output === undefined ? [] : [[program.name, program] as const],
)

describe('programs of pages', () => {
  test('every stage’s README has one', () => {
    const stages = pages().filter((path) => /packages\/stage-\w+/.test(path))
    expect(stages.length).toBeGreaterThanOrEqual(5)
    for (const path of stages)
      expect(programs.map(({ name }) => name)).toContain(`${path}, program 1`)
  })

  test('pass the type checker', async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const found = await run(process.execPath, [tsc, '-p', folder, '--pretty', 'false']).catch(
      (error: { stdout: string }) => error,
    )
    expect(found.stdout.replaceAll(folder, '')).toBe('')
  })

  test.for(printing)('%s prints what the page says', async ([, program], { skip }) => {
    const tool = toolOf(program)
    if (tool !== undefined && !(await isThere(tool))) skip(`${tool} is not on this machine`)
    expect(await printedBy(program)).toBe(program.output)
  })
})

// Tests that a page shows are tests here.
for (const { name, path } of tests)
  describe(`tests of ${name}`, async () => {
    await import(path)
  })

type Printing = Program & { readonly path: string }

/** What a program needs besides Node. */
function toolOf({ language, code }: Printing): string | undefined {
  if (language === 'python') return 'python3'
  if (language !== 'sh' || isCommand(code)) return undefined
  return process.platform === 'win32' ? 'a shell' : 'curl'
}

async function isThere(tool: string): Promise<boolean> {
  return run(tool, ['--version']).then(
    () => true,
    () => false,
  )
}

/** Whether all lines are for the command of ours; otherwise they are for a shell. */
function isCommand(code: string): boolean {
  return code
    .trim()
    .split('\n')
    .every((line) => line.startsWith('stagewright '))
}

async function printedBy(program: Printing): Promise<string> {
  const { language, code, path } = program
  if (language === 'ts') return loggedBy(() => import(path))
  if (isCommand(code)) return toldBy(code, dirname(path))
  await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
  const there = code.replaceAll(usual, fake.url)
  const [tool, flag] = language === 'python' ? ['python3', '-c'] : ['sh', '-c']
  const { stdout } = await run(tool, [flag, there])
  return stdout.replaceAll(fake.url, usual).replaceAll('\r\n', '\n').trimEnd()
}

async function loggedBy(work: () => Promise<unknown>): Promise<string> {
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

async function toldBy(code: string, cwd: string): Promise<string> {
  let told = ''
  const output = { write: (text: string) => (told += text) }
  for (const line of code.trim().split('\n'))
    await runCli(line.split(' ').slice(1), { stdout: output, stderr: output, cwd, env: {} })
  return told.trimEnd()
}
