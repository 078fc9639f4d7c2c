import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Ended, Workplace } from './support.js'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

describe('fake-webui', () => {
  test('prints its address on one line, serves, and ends with 0 when it is told to', async () => {
    const fake = await started(['--dialect', 'forge', '--tiny-pictures'])
    expect(fake.line).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
    const modules = await fetch(`${fake.line.trim()}/sdapi/v1/sd-modules`)
    expect([modules.status, await modules.json()]).toEqual([200, expect.any(Array)])
    const ended = await fake.end()
    expect([ended.code, ended.out, ended.err]).toEqual([0, fake.line, ''])
    await expect(fetch(fake.line.trim())).rejects.toThrow('fetch failed')
  })

  test('--json tells the address as a line of JSON', async () => {
    const fake = await started(['--json', '--dialect', 'sdcpp'])
    expect(JSON.parse(fake.line)).toEqual({
      type: 'fake-webui-started',
      url: expect.stringMatching(/^http:/),
      dialect: 'sdcpp',
    })
    await fake.end()
  })

  test('--auth asks every client for them, and shows them to nobody', async () => {
    const fake = await started(['--auth', 'me:secret-word'])
    const url = fake.line.trim()
    expect((await fetch(`${url}/sdapi/v1/options`)).status).toBe(401)
    await place.put('small.yaml', 'prompt: x\nsteps: 2\nwidth: 64\nheight: 64\ntxt2img:\n')
    const argv = ['run', 'small.yaml', '--backend', url, '--json', '--debug']
    const locked = await place.cli(argv)
    expect([locked.code, locked.err]).toEqual([3, expect.stringContaining('credentials')])
    const wrong = await place.cli(argv, { env: { STAGEWRIGHT_AUTH: 'me:another-word' } })
    expect([wrong.code, wrong.err + wrong.out]).toEqual([3, expect.not.stringContaining('another')])
    const right = await place.cli(argv, { env: { STAGEWRIGHT_AUTH: 'me:secret-word' } })
    expect(right.code).toBe(0)
    const written = await Promise.all((await place.files()).map((name) => place.read(name)))
    for (const text of [right.out, right.err, ...written]) expect(text).not.toContain('secret-word')
    await fake.end()
  })

  test('--config gives models, faults and a dialect, over which options win', async () => {
    await place.put('fake.yaml', 'dialect: sdnext\nmodels: [mine.safetensors]\n')
    const fake = await started(['--config', 'fake.yaml', '--dialect', 'a1111', '--json'])
    const { url, dialect } = JSON.parse(fake.line) as { url: string; dialect: string }
    const models = (await (await fetch(`${url}/sdapi/v1/sd-models`)).json()) as object[]
    expect([dialect, models]).toMatchObject(['a1111', [{ model_name: 'mine' }]])
    await fake.end()
  })

  test('the file in the README of fake-webui is taken as it stands', async () => {
    const readme = await readFile(join(import.meta.dirname, '../../fake-webui/README.md'), 'utf8')
    const [, file] = /```yaml\n(# fake\.yaml\n.*?)```/su.exec(readme)!
    await place.put('fake.yaml', file!)
    const fake = await started(['--config', 'fake.yaml', '--json'])
    const { url, dialect } = JSON.parse(fake.line) as { url: string; dialect: string }
    const faults = (await (await fetch(`${url}/__fake/faults`)).json()) as object[]
    expect([dialect, faults]).toMatchObject(['a1111', [{ times: 'always' }, { skip: 2 }]])
    await fake.end()
  })

  test('a mistake in the file is 2, with what there is', async () => {
    await place.put('fake.yaml', 'modles: [mine.safetensors]\nrateLimit: 9\n')
    const { code, err } = await place.cli(['fake-webui', '--config', 'fake.yaml'])
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('modles is not a known key: write mod'),
    ])
    expect(err).toContain('rateLimit is not a known key: write rate_limit')
    const none = await place.cli(['fake-webui', '--config', 'none.yaml'])
    expect([none.code, none.err.split(':')[0]]).toEqual([2, 'SW_CLI_CONFIG_NOT_FOUND'])
  })

  test('a port that is taken is 1, with what to do', async () => {
    const fake = await started([])
    const { port } = new URL(fake.line.trim())
    const { code, err } = await place.cli(['fake-webui', '--port', port])
    expect([code, err]).toEqual([1, expect.stringContaining('--port 0')])
    await fake.end()
  })
})

/** The command as it serves: its first line, and a way to end it. */
async function started(
  argv: readonly string[],
): Promise<{ readonly line: string; end(): Promise<Omit<Ended, 'lines'>> }> {
  const stop = new AbortController()
  let code: Promise<Ended> | undefined
  let out = ''
  const line = await new Promise<string>((resolve, reject) => {
    code = place.cli(['fake-webui', ...argv], {
      signal: stop.signal,
      stdout: {
        write: (text) => {
          out += text
          resolve(out)
        },
      },
    })
    void code.then(({ err }) => reject(new Error(err)))
  })
  return {
    line,
    end: async () => {
      stop.abort()
      const { code: exit, err } = (await code) as Ended
      return { code: exit, out, err }
    },
  }
}
