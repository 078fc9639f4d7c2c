import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

import { startFakeWebui } from '@stagewright/fake-webui'
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

  test('fake-webui serves until Ctrl-C, then ends with 0', async () => {
    const child = start('fake-webui', '--dialect', 'forge', '--port', '0', '--tiny-pictures')
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const url = await firstLine(child)
    expect((await fetch(`${url}/sdapi/v1/options`)).status).toBe(200)
    child.kill('SIGINT')
    expect(await codeOf(child)).toBe(0)
    expect(told).toBe('\nstopping; again to stop at once\n')
  })

  test('Ctrl-C ends fake-webui whatever its clients wait for', async () => {
    await place.put(
      'fake.yaml',
      'faults: [{ kind: stall, match: { path: /sdapi/v1/samplers }, times: always }]\n',
    )
    const child = start('fake-webui', '--config', 'fake.yaml')
    child.stderr.resume()
    const url = await firstLine(child)
    const waiting = fetch(`${url}/sdapi/v1/samplers`).catch(() => 'ended')
    child.kill('SIGINT')
    expect(await codeOf(child)).toBe(0)
    expect(await waiting).toBe('ended')
  })

  test('Ctrl-C during a call interrupts the server, and ends with 130', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    fake.faults.add({ kind: 'stall', at: 'during' })
    await place.put('long.yaml', long)
    const child = start('run', 'long.yaml', '--json', '--backend', fake.url)
    const ended = allLines(child)
    let told = ''
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
    await fake.until(({ tasks }) => tasks.current !== undefined)
    child.kill('SIGINT')
    expect(await codeOf(child)).toBe(130)
    expect((await ended).at(-1)).toMatchObject({
      type: 'run-finished',
      status: 'cancelled',
      images: [],
    })
    expect(fake.requests.map(({ path }) => path)).toContain('/sdapi/v1/interrupt')
    expect(told).not.toContain('Warning')
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

type Child = ReturnType<typeof start>

async function firstLine(child: Child): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('it ended without a line')
}

async function allLines(child: Child): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = []
  for await (const line of createInterface({ input: child.stdout }))
    lines.push(JSON.parse(line) as Record<string, unknown>)
  return lines
}

async function codeOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}
