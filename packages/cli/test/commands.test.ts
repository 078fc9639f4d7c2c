import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { JsonSchema } from '@stagewright/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { initKinds } from '../src/commands/init-files.js'
import { errors } from '../src/index.js'
import { photo, Workplace } from './support.js'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

interface PlanJson {
  readonly stages: readonly {
    readonly name: string
    readonly phase: string
    readonly rank: number
    readonly order: number
    readonly enabled: boolean
    readonly execution: { readonly kind: string; readonly into: readonly string[] }
    readonly config: object
    readonly notes: readonly object[]
  }[]
}

describe('plan', () => {
  const text =
    'prompt: a cat\nmodel: m\nupscale: { upscaler_1: Lanczos }\nrefiner: { enable_hr: true }\ntxt2img:\n'

  test('explains the stages in order, and calls nothing', async () => {
    await place.put('my.yaml', text)
    const { code, out } = await place.cli(['plan', 'my.yaml'])
    expect(code).toBe(0)
    expect(out).toMatch(/^3 stages, 2 calls/)
    expect(out).toMatch(/1\. txt2img[^]*2\. refiner[^]*merged into txt2img[^]*3\. upscale/)
    expect(await place.files()).toEqual(['my.yaml'])
  })

  test('--json gives every stage in order, the disabled too', async () => {
    await place.put('my.yaml', text)
    const { out } = await place.cli(['plan', 'my.yaml', '--json'])
    const { stages } = JSON.parse(out) as PlanJson
    expect(
      stages.map(({ name, phase, rank, order, enabled, execution }) => [
        order,
        `${name} ${phase}@${rank}`,
        enabled,
        execution.kind,
        execution.into,
      ]),
    ).toEqual([
      [0, 'txt2img Generate@100', true, 'call', []],
      [1, 'img2img Transform@200', false, 'call', []],
      [2, 'refiner Refine@300', true, 'merged', ['txt2img']],
      [3, 'upscale Upscale@400', true, 'call', []],
      [4, 'adetailer Detail@500', false, 'call', []],
    ])
    for (const stage of stages) {
      expect(stage.config).toBeTypeOf('object')
      expect(stage.notes).toBeInstanceOf(Array)
    }
  })
})

describe('stages', () => {
  test('lists the five with rank, and why each stands there', async () => {
    const { code, out } = await place.cli(['stages'])
    expect(code).toBe(0)
    const rows = out
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/).slice(0, 3))
    expect(rows).toEqual([
      ['stage', 'rank', 'why there'],
      ['txt2img', '100', 'phase Generate'],
      ['img2img', '200', 'phase Transform'],
      ['refiner', '300', 'phase Refine'],
      ['upscale', '400', 'phase Upscale'],
      ['adetailer', '500', 'phase Detail, always last'],
    ])
  })

  test('--json tells what each consumes, and whether it is terminal', async () => {
    const { out } = await place.cli(['stages', '--json'])
    const { stages } = JSON.parse(out) as { stages: readonly object[] }
    expect(stages).toHaveLength(5)
    expect(stages.at(-1)).toMatchObject({
      name: 'adetailer',
      consumes: 'images',
      terminal: true,
      from: '@stagewright/stage-adetailer',
    })
  })
})

describe('init', () => {
  test.each(initKinds)(
    'the %s file is planned as it stands, once its pictures are there',
    async (kind) => {
      for (const name of ['desk.png', 'one.jpg'])
        await place.put(`photos/${name}`, await photo(512, 512))
      const mask = await photo(512, 512)
      await place.put('photos/desk-mask.png', mask)
      expect((await place.cli(['init', '--kind', kind])).code).toBe(0)
      const { code, err } = await place.cli(['plan', `${kind}.yaml`])
      expect([code, err]).toEqual([0, ''])
      expect(await readFile(join(place.path, `${kind}.yaml`), 'utf8')).toContain('# ')
    },
  )

  test('never writes over a file, unless told to', async () => {
    await place.put('mine.yaml', 'mine')
    const refused = await place.cli(['init', 'mine.yaml'])
    expect([refused.code, refused.err.split(':')[0]]).toEqual([2, 'SW_CLI_FILE_EXISTS'])
    expect(await readFile(join(place.path, 'mine.yaml'), 'utf8')).toBe('mine')
    expect((await place.cli(['init', 'mine.yaml', '--force'])).code).toBe(0)
    expect(await readFile(join(place.path, 'mine.yaml'), 'utf8')).toContain('txt2img:')
  })

  test('an unknown kind is told with the known ones', async () => {
    const { code, err } = await place.cli(['init', '--kind', 'potrait'])
    expect([code, err]).toEqual([2, expect.stringContaining('portrait, restyle, inpaint, upscale')])
  })
})

test('schema describes every section and the shared fields', async () => {
  const { code, out } = await place.cli(['schema'])
  expect(code).toBe(0)
  const { properties = {} } = JSON.parse(out) as JsonSchema
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining([
      'prompt',
      'preset',
      'txt2img',
      'img2img',
      'refiner',
      'upscale',
      'adetailer',
      'sweep',
    ]),
  )
})

describe('usage', () => {
  test('--help and --version answer with 0', async () => {
    const help = await place.cli(['--help'])
    expect([help.code, help.out]).toEqual([0, expect.stringContaining('run [options] <file>')])
    const own = await place.cli(['run', '--help'])
    expect([own.code, own.out]).toEqual([0, expect.stringContaining('--set <path=value>')])
    const version = await place.cli(['--version'])
    expect([version.code, version.out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  test.each([
    [['run'], 'stagewright run --help'],
    [['rum', 'x.yaml'], 'Did you mean run?'],
    [['run', 'x.yaml', '--sed', '4'], 'Did you mean one of --seed, --set?'],
    [['run', 'x.yaml', '--seed', 'four'], 'whole number'],
    [['run', 'x.yaml', '--count', '0'], 'whole number'],
    [['run', 'x.yaml', 'y.yaml'], 'too many arguments'],
  ])('%j is told with 2', async (argv, text) => {
    const { code, out, err } = await place.cli(argv)
    expect([code, out, err]).toEqual([2, '', expect.stringContaining(text)])
    expect(err).toMatch(/^SW_CLI_USAGE: /)
  })

  test('an unknown backend is told with the known ones', async () => {
    await place.put('my.yaml', 'prompt: x\ntxt2img:\n')
    for (const name of ['skech', '__proto__', 'toString']) {
      const { code, err } = await place.cli(['run', 'my.yaml', '--backend', name])
      expect([code, err]).toEqual([2, expect.stringContaining('choose one of: sketch')])
    }
  })

  test('every code of the catalogue is in the README', async () => {
    const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
    const told = readme.match(/SW_CLI_[A-Z_]+/g)
    expect([...new Set(told)].toSorted()).toEqual(Object.keys(errors).toSorted())
  })
})
