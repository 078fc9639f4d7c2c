import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const command = join(import.meta.dirname, '../bin/stagewright.js')
const built = join(import.meta.dirname, '../dist/bin.js')

/** Long enough that no machine is through with it when the signal comes. */
const long = 'prompt: a cat\nwidth: 256\nheight: 256\nsteps: 20\nn_iter: 100\ntxt2img:\n'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  if (!existsSync(built)) throw new Error('build the package first: these tests run what is built')
})
afterEach(() => place[Symbol.asyncDispose]())

describe('the command as a process of its own', { timeout: 60_000 }, () => {
  test('Ctrl-C cancels: 130, a last line that says so, and what is finished is kept', async () => {
    await place.put('long.yaml', long)
    const child = start('run', 'long.yaml', '--json')
    const lines: Record<string, unknown>[] = []
    let told = false
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line) as Record<string, unknown>
      lines.push(event)
      if (event['type'] !== 'call-finished' || told) continue
      told = true
      child.kill('SIGINT')
    }
    expect(await codeOf(child)).toBe(130)
    expect(lines.at(-1)).toMatchObject({
      type: 'run-finished',
      status: 'cancelled',
      error: { code: 'SW_RUN_CANCELLED' },
    })
    const files = await place.files('out')
    expect(files.some((name) => /\/unfinished\/01-txt2img-s\d+\.png$/.test(name))).toBe(true)
    expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('a second Ctrl-C ends it at once', async () => {
    await place.put('long.yaml', long)
    const child = start('run', 'long.yaml', '--json')
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => {
      const before = told
      told += chunk.toString()
      if (told.includes('again to stop') && !before.includes('again to stop')) child.kill('SIGINT')
    })
    for await (const line of createInterface({ input: child.stdout }))
      if (line.includes('"call-finished"') && !told.includes('again')) child.kill('SIGINT')
    expect(await codeOf(child)).toBe(130)
  })

  test('a reader that leaves early does no harm', async () => {
    await place.put('my.yaml', 'prompt: a cat\ntxt2img:\n')
    const child = start('schema')
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.stdout.destroy()
    expect([await codeOf(child), errors]).toEqual([0, ''])
  })

  test('an error ends with its code and nothing on standard output', async () => {
    const child = start('run', 'none.yaml')
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.resume()
    expect([await codeOf(child), out]).toEqual([2, ''])
  })
})

function start(...argv: string[]): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [command, ...argv], {
    cwd: place.path,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function codeOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}
