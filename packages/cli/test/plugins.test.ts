import { symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const core = join(import.meta.dirname, '../../core')
const run = `
prompt: a lighthouse
seed: 41
width: 64
height: 64
steps: 4
txt2img:
acme_keep:
`
const statement = { contract: 1, range: '>=0.1.0 <1.0.0', needs: [] as string[] }

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  // A copy of core of its own, as built: what a plugin has that was installed by itself.
  const own = 'node_modules/@stagewright/core'
  const exports = './dist/index.js'
  await place.put(`${own}/package.json`, JSON.stringify({ type: 'module', exports }))
  await symlink(join(core, 'dist'), join(place.path, own, 'dist'), 'dir')
  await place.put('run.yaml', run)
})
afterEach(() => place[Symbol.asyncDispose]())

/** Installs a plugin as npm would: a folder in node_modules. */
async function install(
  name: string,
  parts: {
    readonly version?: string
    readonly stagewright?: object | undefined
    readonly code?: string
  } = {},
): Promise<void> {
  const { version = '1.2.0', code = stage('acme_keep') } = parts
  const stagewright = 'stagewright' in parts ? parts.stagewright : statement
  const manifest = { name, version, type: 'module', exports: './index.js', stagewright }
  await place.put(`node_modules/${name}/package.json`, JSON.stringify(manifest))
  await place.put(`node_modules/${name}/index.js`, code)
}

const stage = (name: string): string => `
import { defineStage, Phase } from '@stagewright/core'
globalThis.acmeLoaded = (globalThis.acmeLoaded ?? 0) + 1
const schema = { type: 'object', properties: {} }
const config = { '~standard': {
  version: 1, vendor: 'acme', validate: (value) => ({ value }),
  jsonSchema: { input: () => schema, output: () => schema },
} }
export const keep = defineStage({
  name: '${name}', phase: Phase.Upscale, after: ['upscale?'], consumes: 'images', config,
  plan: () => ({}), execute: (_, images) => Promise.resolve(images),
})
`

const list = (plugins: object): Promise<string> =>
  place.put('stagewright.config.yaml', JSON.stringify({ plugins }))
const loads = (): number => (globalThis as { acmeLoaded?: number }).acmeLoaded ?? 0

describe('plugins that the config file lists', () => {
  test('are among the stages, with who provides them, at which rank, and why there', async () => {
    await install('acme-keep')
    await list({ 'acme-keep': '^1.0.0' })
    const { out } = await place.cli(['stages'])
    const row = out.split('\n').find((line) => line.startsWith('acme_keep'))
    expect(row).toMatch(/^acme_keep +400 +phase Upscale, after upscale\? .* acme-keep@1\.2\.0$/)
    expect((await place.cli(['plan', 'run.yaml'])).out).toContain('2. acme_keep    Upscale@400')
  })

  test('run, and their versions are kept with the run', async () => {
    await install('acme-keep')
    await list({ 'acme-keep': { version: '1.x', allow: ['files'] } })
    const { code, out } = await place.cli(['run', 'run.yaml', '--quiet'])
    expect(code).toBe(0)
    const folder = /out\/[^/\s]+/.exec(out)?.[0] ?? ''
    const { versions } = JSON.parse(await place.read(`${folder}/run.json`)) as { versions: object }
    expect(versions).toMatchObject({ 'acme-keep': '1.2.0' })
  })

  test('and no others are loaded, however many are installed', async () => {
    await install('acme-keep')
    const before = loads()
    const { code, err } = await place.cli(['plan', 'run.yaml'])
    expect([code, err]).toEqual([2, expect.stringContaining('acme_keep')])
    expect(loads()).toBe(before)
  })

  test('find themselves by their own name, in the folder where they are written', async () => {
    await place.put(
      'package.json',
      JSON.stringify({
        name: '@acme/keep',
        version: '0.1.0',
        type: 'module',
        exports: { '.': { import: './dist/index.js' } },
        stagewright: statement,
      }),
    )
    await place.put('dist/index.js', stage('acme_keep'))
    await list({ '@acme/keep': '*' })
    expect((await place.cli(['stages'])).out).toContain('@acme/keep@0.1.0')
  })
})

describe('a plugin is refused, with the remedy', () => {
  test.each([
    ['SW_CLI_PLUGIN_STATEMENT', { stagewright: undefined }, 'its package.json needs'],
    ['SW_CLI_PLUGIN_STATEMENT', { stagewright: { ...statement, range: 'new' } }, 'ask its author'],
    ['SW_CLI_PLUGIN_VERSION', { version: '2.0.0' }, 'npm install acme-keep@"^1.0.0"'],
    [
      'SW_CLI_PLUGIN_CONTRACT',
      { stagewright: { ...statement, contract: 2 } },
      'update stagewright',
    ],
    ['SW_CLI_PLUGIN_RANGE', { stagewright: { ...statement, range: '^9.0.0' } }, 'that fits'],
    [
      'SW_CLI_PLUGIN_NOT_ALLOWED',
      { stagewright: { ...statement, needs: ['network'] } },
      'acme-keep: { version: "^1.0.0", allow: [network] }',
    ],
    [
      'SW_CLI_PLUGIN_SERVICE',
      { stagewright: { ...statement, needs: ['service:AcmeCodec'] } },
      'build the pipeline in code',
    ],
    ['SW_CLI_PLUGIN_NO_STAGE', { code: 'export const nothing = 1' }, 'off the list'],
    ['SW_CLI_PLUGIN_THREW', { code: 'throw new Error("no licence")' }, 'install it anew'],
    ['SW_PLUGIN_DUPLICATE_STAGE', { code: stage('upscale') }, 'remove one'],
  ] as const)('%s', async (code, parts, remedy) => {
    await install('acme-keep', parts)
    await list({ 'acme-keep': '^1.0.0' })
    const before = loads()
    const ended = await place.cli(['plan', 'run.yaml'])
    expect([ended.code, ended.err]).toEqual([2, expect.stringContaining(code)])
    expect(ended.err).toContain('acme-keep')
    expect(ended.err).toContain(remedy)
    if (!('code' in parts)) expect(loads()).toBe(before)
  })

  test('together with every other one, and then none is run', async () => {
    await install('acme-keep')
    await install('acme-old', { version: '0.1.0', code: stage('acme_old') })
    await list({ 'acme-keep': '^1.0.0', 'acme-old': '^1.0.0', 'acme-gone': '*' })
    const before = loads()
    const { code, err } = await place.cli(['stages'])
    expect(code).toBe(2)
    expect(err).toContain('SW_CLI_PLUGIN_VERSION')
    expect(err).toContain('SW_CLI_PLUGIN_NOT_FOUND')
    expect(loads()).toBe(before)
  })

  test.each(['../acme', '/acme', 'https://acme.example', 'acme/../../x', '.acme'])(
    'that is listed by %s, which is no name of a package',
    async (name) => {
      await list({ [name]: '*' })
      const { code, err } = await place.cli(['stages'])
      expect([code, err]).toEqual([2, expect.stringContaining('SW_CLI_CONFIG_INVALID')])
    },
  )

  test('whose entry leads out of it', async () => {
    await install('acme-keep')
    const manifest = { name: 'acme-keep', version: '1.0.0', exports: './../../evil.js' }
    await place.put(
      'node_modules/acme-keep/package.json',
      JSON.stringify({ ...manifest, stagewright: statement }),
    )
    await place.put('evil.js', 'globalThis.acmeLoaded = 1e6')
    await list({ 'acme-keep': '*' })
    const { code, err } = await place.cli(['stages'])
    expect([code, err]).toEqual([2, expect.stringContaining('it has no entry "."')])
    expect(loads()).toBeLessThan(1e6)
  })
})

test('plan --explain says why each stage stands where it does, and what would move it', async () => {
  await install('acme-keep')
  await list({ 'acme-keep': '^1.0.0' })
  const argv = ['plan', 'run.yaml', '--set', 'upscale.upscaler_1=Lanczos', '--explain']
  const { out } = await place.cli(argv)
  expect(out).toContain(`why in this order, and what would move it
1. txt2img      first: no enabled stage has a rank below 100 of Generate
   after upscale: cannot be: upscale needs pictures, and no stage before it makes any (SW_PLAN_NO_PICTURES)
2. upscale      after txt2img: rank 400 of Upscale follows 100 of Generate
   before txt2img: cannot be: upscale needs pictures, and no stage before it makes any (SW_PLAN_NO_PICTURES)
   after acme_keep: cannot be: these stages wait for each other: acme_keep → upscale → acme_keep (upscale: after acme_keep; acme_keep: after upscale) (SW_PLAN_CYCLE)
3. acme_keep    after upscale: acme_keep: after upscale
   before upscale: cannot be: `)
  const json = JSON.parse((await place.cli([...argv, '--json'])).out) as { order: object[] }
  expect(json.order[2]).toMatchObject({ name: 'acme_keep', moves: [{ refused: {} }] })
})
