import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Database } from '../src/history/database.js'
import { History } from '../src/index.js'
import { keepRun } from './kept-runs.js'

let root: string
let file: string
let problems: string[]
let opened: History[]

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stagewright-history-'))
  file = join(root, '.stagewright', 'history.db')
  problems = []
  opened = []
  for (let i = 0; i < 30; i++) await keepRun(root, { name: `run${i}`, prompt: 'word '.repeat(200) })
})
afterEach(async () => {
  for (const one of opened) one.close()
  await rm(root, { recursive: true, force: true })
})

function history(): History {
  const made = new History({ root, onProblem: (problem) => problems.push(problem) })
  opened.push(made)
  return made
}

const damages: Record<string, () => Promise<void>> = {
  'is deleted': () => rm(file),
  'is emptied': () => truncate(file, 0),
  'is cut off': async () => truncate(file, Math.floor((await stat(file)).size / 2)),
  'is no database': () => writeFile(file, 'garbage '.repeat(5000)),
  'has lost a table': () => alter('drop table runs'),
  'is of an older version': () => alter('pragma user_version = 999'),
  'has garbage in the middle': async () => {
    const bytes = await readFile(file)
    bytes.fill(0x5a, 4096, bytes.length - 4096)
    await writeFile(file, bytes)
  },
}

describe('a history file that', () => {
  test.each(Object.keys(damages))(
    '%s is made anew from the folders, and that is said',
    async (name) => {
      const before = await history().list()
      expect(before.total).toBe(30)
      expect(problems).toHaveLength(1)
      await damages[name]?.()
      const after = await history().list()
      expect(after).toEqual(before)
      expect(problems).toHaveLength(2)
      expect(problems[1]).toMatch(/was (missing|damaged|of another version): .* from 30 runs$/)
      expect(await history().list({ text: 'wor' })).toMatchObject({ total: 30 })
      expect((await readdir(join(root, '.stagewright'))).toSorted()).toEqual(['history.db'])
    },
  )

  test.each(Object.keys(damages))('%s while it is open is made anew as well', async (name) => {
    const one = history()
    expect((await one.list()).total).toBe(30)
    await damages[name]?.()
    const folder = await keepRun(root, { name: 'late' })
    await one.indexRun(folder)
    expect((await one.list()).total).toBe(31)
    expect(await one.picture((await one.run(folder))?.pictures[0]?.digest ?? '')).toBeDefined()
  })

  test('another process has replaced is opened again', async () => {
    const one = history()
    await one.list()
    const other = history()
    await other.rebuild()
    await other.indexRun(await keepRun(root, { name: 'late' }))
    expect((await one.list({ text: 'late' })).total).toBe(1)
  })

  test('cannot be written is told, with what to do', async () => {
    await history().list()
    await rename(file, `${file}.away`)
    await rm(join(root, '.stagewright'), { recursive: true })
    await writeFile(join(root, '.stagewright'), 'in the way')
    await expect(history().list()).rejects.toMatchObject({
      code: 'SW_HISTORY_FAILED',
      hint: expect.stringContaining('made anew') as string,
    })
  })
})

/** Changes the tables behind the history's back. */
async function alter(sql: string): Promise<void> {
  const db = await Database.open(file)
  db.execute(sql)
  db.close()
}

// Processes run what is built; `npm test` builds before it tests.
const built = join(import.meta.dirname, '../dist/index.js')
describe.runIf(existsSync(built))('several processes', () => {
  test('write at once, while one makes the file anew again and again, and nothing is lost', async () => {
    const staged = join(root, '.staged')
    const names = Array.from({ length: 40 }, (_, i) => `new-${i}`)
    for (const name of names) await keepRun(staged, { name, folder: name })
    await history().list()
    // Each run comes into being just before it is told of: a file made anew at that moment may lack it.
    const bringIn = `
      for (const name of ${JSON.stringify(names)}.filter((_, i) => i % 2 === odd)) {
        renameSync(join(root, '.staged', name), join(root, name))
        await history.indexRun(join(root, name))
      }`
    const told = await Promise.all([
      said(`const odd = 0; ${bringIn}`),
      said(`const odd = 1; ${bringIn}`),
      said('for (let i = 0; i < 15; i++) await history.rebuild()'),
    ])
    expect(told).toEqual(['', '', ''])
    const db = await Database.open(file)
    const [[runs, distinct] = []] = db.query('select count(*), count(distinct folder) from runs')
    const [[calls] = []] = db.query('select count(*) from calls')
    const [[check] = []] = db.query('pragma integrity_check')
    db.close()
    expect([runs, distinct, calls, check]).toEqual([70, 70, 70, 'ok'])
  })

  test('one that was killed while it wrote holds up nobody', async () => {
    const one = history()
    await one.list()
    const child = start(`console.log('going'); for (;;) await history.rebuild()`)
    await once(child.stdout, 'data')
    const lock = join(root, '.stagewright/history.lock')
    while (!existsSync(lock)) await new Promise((resolve) => setImmediate(resolve))
    child.kill('SIGKILL')
    await once(child, 'close')
    await one.indexRun(await keepRun(root, { name: 'late' }))
    expect((await one.list({ text: 'late' })).total).toBe(1)
    await one.rebuild()
    const left = await readdir(join(root, '.stagewright'))
    expect(left.filter((name) => name.startsWith('history'))).toEqual(['history.db'])
  })
})

/** Runs a program with a `history` to its end.
 *  @returns what it said, of problems and errors */
async function said(program: string): Promise<string> {
  const child = start(program)
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  return Buffer.concat(chunks).toString()
}

function start(program: string): ChildProcessByStdio<null, Readable, Readable> {
  const set = `
    import { renameSync } from 'node:fs'
    import { join } from 'node:path'
    import { History } from ${JSON.stringify(pathToFileURL(built).href)}
    const root = ${JSON.stringify(root)}
    const history = new History({ root, onProblem: console.log })`
  return spawn(process.execPath, ['--input-type=module', '--eval', `${set}\n${program}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
