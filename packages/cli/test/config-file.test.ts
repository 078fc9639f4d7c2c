import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const file = 'stagewright.config.yaml'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('my.yaml', 'prompt: a cat\nsteps: 2\nwidth: 64\nheight: 64\ntxt2img:\n')
})
afterEach(() => place[Symbol.asyncDispose]())

describe('the config file', () => {
  test('names servers, and which one is used when none is named', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await place.put(file, `backend: home\nbackends: { home: { url: "${fake.url}", stall: 60 } }\n`)
    const { code, out } = await place.cli(['run', 'my.yaml'])
    expect([code, out]).toEqual([0, expect.stringContaining('run.yaml --backend home\n')])
    const drawn = await place.cli(['run', 'my.yaml', '--backend', 'sketch'])
    expect(drawn.out).toContain('run.yaml --backend sketch\n')
    expect(fake.requests.filter(({ path }) => path === '/sdapi/v1/txt2img')).toHaveLength(1)
  })

  test('--config reads another one', async () => {
    await using fake = await startFakeWebui({ dialect: 'sdcpp', tinyPictures: true })
    await place.put('there/our.yaml', `backends: { box: { url: "${fake.url}", dialect: sdcpp } }\n`)
    const argv = ['--backend', 'box', '--config', 'there/our.yaml']
    const { code, out } = await place.cli(['run', 'my.yaml', ...argv])
    expect([code, out]).toEqual([0, expect.stringContaining(argv.join(' '))])
    const none = await place.cli(['plan', 'my.yaml', '--config', 'none.yaml'])
    expect([none.code, none.err.split(':')[0]]).toEqual([2, 'SW_CLI_CONFIG_NOT_FOUND'])
  })

  test('states what the model of a server rounds sizes to, as --size-multiple does', async () => {
    await using fake = await startFakeWebui({
      dialect: 'sdcpp',
      sizeMultiple: 16,
      tinyPictures: true,
    })
    await place.put(file, `backends: { box: { url: "${fake.url}", size_multiple: 16 } }\n`)
    const argv = ['run', 'my.yaml', '--set', 'width=80', '--json', '--backend']
    const sizes = async (...more: string[]) => {
      const { lines } = await place.cli([...argv, ...more])
      return (lines.at(-1)!['images'] as object[])[0]
    }
    expect(await sizes('box')).toMatchObject({ width: 80, height: 64 })
    expect(await sizes(fake.url)).toMatchObject({ width: 128, height: 64 })
    expect(await sizes(fake.url, '--size-multiple', '16')).toMatchObject({ width: 80 })
    const shown = await place.cli([
      'run',
      'my.yaml',
      '--backend',
      fake.url,
      '--size-multiple',
      '16',
    ])
    expect(shown.out).toContain(`--backend ${fake.url} --size-multiple 16\n`)
    await place.put(file, 'backends: { box: { url: "http://127.0.0.1:1", size_multiple: 20 } }\n')
    const wrong = await place.cli(['plan', 'my.yaml'])
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('no multiple of 8')])
  })

  test('takes the password from the variable that it names', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', auth: 'me:secret-word' })
    await place.put(
      file,
      `backends: { home: { url: "${fake.url}", auth: { user: me, password_env: HOME_WORD } } }\n`,
    )
    const argv = ['plan', 'my.yaml', '--backend', 'home']
    const missing = await place.cli(argv)
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('HOME_WORD')])
    const given = await place.cli(argv, { env: { HOME_WORD: 'secret-word' } })
    expect([given.code, given.err]).toEqual([0, ''])
  })

  test.each([
    ['password: secret-word', 'password_env: NAME'],
    ['bearer: secret-word', 'bearer_env: NAME'],
    ['token: secret-word', 'bearer_env: NAME'],
    ['bearer_env: secret-word', 'bearer_env: NAME'],
    ['user: me, password_env: "secret-word!"', 'password_env: NAME'],
  ])('a secret in it (%s) is refused with the remedy, and not repeated', async (auth, remedy) => {
    await place.put(file, `backends: { home: { url: "http://127.0.0.1:1", auth: { ${auth} } } }\n`)
    const { code, err } = await place.cli(['plan', 'my.yaml', '--debug'])
    expect([code, err]).toEqual([2, expect.stringMatching(/^SW_CLI_SECRET_IN_FILE: /m)])
    expect(err).toContain(remedy)
    expect(err).not.toContain('secret-word')
  })

  test('credentials in an address are refused, in the file and on the command line', async () => {
    const url = 'http://me:secret-word@127.0.0.1:1'
    await place.put('other.yaml', `backends: { home: { url: "${url}" } }\n`)
    const written = await place.cli(['plan', 'my.yaml', '--config', 'other.yaml'])
    expect([written.code, written.err.split(':')[0]]).toEqual([2, 'SW_CLI_SECRET_IN_FILE'])
    const typed = await place.cli(['plan', 'my.yaml', '--backend', url])
    expect([typed.code, typed.err]).toEqual([2, expect.stringContaining('STAGEWRIGHT_AUTH')])
    expect(written.err + typed.err).not.toContain('secret-word')
  })

  test('every mistake is told at once, with its place and the nearest name', async () => {
    await place.put(
      file,
      `backend: home
backnds: {}
backends:
  home: { ulr: "http://127.0.0.1:1" }
  sketch: { url: "http://127.0.0.1:1" }
  far: { url: "ftp://there", dialect: comfy, timeout: soon, auth: { user: me } }
`,
    )
    const { code, err } = await place.cli(['plan', 'my.yaml'])
    expect(code).toBe(2)
    for (const text of [
      `${file}:2:1: backnds is not a known key. Did you mean "backends" or "backend"?`,
      `${file}:4:11: backends.home.ulr is not a known key. Did you mean "url"?`,
      'backends.home has no url',
      '"sketch" cannot be the name of a server',
      'this is no http:// address',
      '"comfy" is no dialect',
      'backends.far.timeout is no number of seconds',
      'backends.far.auth is neither',
    ])
      expect(err).toContain(text)
  })

  test('an unknown name is told with those of the file', async () => {
    await place.put(file, 'backends: { home: { url: "http://127.0.0.1:1" } }\n')
    const { code, err } = await place.cli(['plan', 'my.yaml', '--backend', 'hme'])
    expect([code, err]).toEqual([2, expect.stringMatching(/sketch, auto, http:.*, home/)])
  })

  test('two kinds of credentials in the environment are refused', async () => {
    const env = { STAGEWRIGHT_AUTH: 'me:secret-word', STAGEWRIGHT_BEARER: 'secret-token' }
    const ended = await place.cli(['plan', 'my.yaml', '--backend', 'http://127.0.0.1:1'], { env })
    expect([ended.code, ended.err.split(':')[0]]).toEqual([2, 'SW_CLI_AUTH_VARIABLES'])
    expect(ended.err).not.toContain('secret')
  })

  test('a password is in nothing that a run leaves, not even where the server repeats it', async () => {
    await using fake = await startFakeWebui({
      dialect: 'forge',
      auth: 'me:secret-word',
      tinyPictures: true,
    })
    const token = Buffer.from('me:secret-word').toString('base64')
    const errors = `no such file, said ${token} and secret-word`
    fake.faults.add({
      kind: 'answer',
      status: 500,
      body: { error: 'E', detail: '', errors },
      skip: 1,
    })
    const argv = ['run', 'my.yaml', '--count', '2', '--backend', fake.url, '--json', '--debug']
    const ended = await place.cli(argv, { env: { STAGEWRIGHT_AUTH: 'me:secret-word' } })
    expect([ended.code, ended.lines.at(-1)?.['status']]).toEqual([4, 'partial'])
    expect(ended.out + ended.err).toContain('said [redacted] and [redacted]')
    const files = await readdir(place.path, { recursive: true, withFileTypes: true })
    const texts = await Promise.all(
      files
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
    )
    expect(texts.length).toBeGreaterThan(5)
    for (const text of [ended.out, ended.err, ...texts])
      expect([text.includes('secret-word'), text.includes(token)]).toEqual([false, false])
  })
})
