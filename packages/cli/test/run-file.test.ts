import { readPath } from '@stagewright/scheduler'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { stagesOf } from '../src/built-in.js'
import { withOverrides } from '../src/run-file/overrides.js'
import { Workplace } from './support.js'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

const planned = async (text: string, ...options: string[]) => {
  await place.put('my.yaml', text)
  return place.cli(['plan', 'my.yaml', ...options])
}

describe('mistakes in a run file', () => {
  test('every unknown key is told at once, each with the nearest known one and its line', async () => {
    const { code, err } = await planned(`prompt: a cat
txt2img:
  stepz: 20
refiner: { enable_hr: true, hr_scael: 2 }
hires: {}
`)
    expect(code).toBe(2)
    expect(err).toContain('3 errors')
    expect(err).toContain('Did you mean "steps"')
    expect(err).toContain('at my.yaml:3:3')
    expect(err).toContain('Did you mean "hr_scale"')
    expect(err).toMatch(/SW_CONFIG_UNKNOWN_KEY: hires .*\n.*at my.yaml:5:1\n {2}hint: .*refiner/)
  })

  test('a missing file is told with the run files beside it', async () => {
    await place.put('portrait.yaml', 'prompt: x')
    const { code, err } = await place.cli(['run', 'portait.yaml'])
    expect(code).toBe(2)
    expect(err).toBe(
      'SW_CLI_FILE_NOT_FOUND: there is no run file portait.yaml\n  hint: run files in that folder: portrait.yaml\n',
    )
  })

  test('a syntax error names its line and column', async () => {
    const { code, err } = await planned('prompt: "a cat"\ntxt2img: { steps: 20\nwidth: 512\n')
    expect(code).toBe(2)
    expect(err).toMatch(/^SW_CLI_YAML_SYNTAX: my\.yaml:3:\d+: /m)
  })

  test('a key written twice is an error, not the last one', async () => {
    const { code, err } = await planned('seed: 1\ntxt2img:\nseed: 2\nprompt: x\n')
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('my.yaml:3:1: the key seed is written twice'),
    ])
  })

  test.each([
    ['a list', 'prompt: [fisherman], pier'],
    ['an alias', 'prompt: *fisherman'],
    ['a map within the line', 'prompt: a sign: fresh bread'],
  ])('a prompt that breaks the syntax as %s gets the hint to quote it', async (_, line) => {
    const { code, err } = await planned(`${line}\ntxt2img:\n`)
    expect([code, err]).toEqual([2, expect.stringContaining('hint: quote the prompt')])
  })

  test.each([
    ['a list', 'prompt: [fisherman, pier]'],
    ['a map', 'prompt: {cat|dog}'],
    ['an anchor (&cat)', 'prompt: &cat sits'],
    ['a number', 'prompt: 1984'],
    ['true or false', 'txt2img: { prompt: true }'],
  ])('a prompt that YAML reads as %s gets the hint to quote it', async (readAs, line) => {
    const { code, err } = await planned(`${line}\nsteps: 4\n`)
    expect([code, err]).toEqual([2, expect.stringContaining(`YAML reads prompt as ${readAs}`)])
    expect(err).toContain('hint: quote the prompt: prompt: "…"')
  })

  test('aliases that would grow without end are refused', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [one, other] of ['ab', 'bc', 'cd', 'de', 'ef'].map((two) => two.split('')))
      bomb.push(`${other}: &${other} [${Array.from({ length: 10 }, () => `*${one}`).join(', ')}]`)
    const { code, err } = await planned(bomb.join('\n'))
    expect([code, err]).toEqual([2, expect.stringContaining('SW_CLI_YAML_SYNTAX')])
  })

  test('a file over a megabyte is not read', async () => {
    const { code, err } = await planned(`# ${'x'.repeat(2 ** 20)}\n`)
    expect([code, err]).toEqual([2, expect.stringContaining('SW_CLI_FILE_TOO_LARGE')])
  })

  test('an empty file is told as no run file', async () => {
    expect((await planned('')).code).toBe(2)
  })

  test('JSON is read as well', async () => {
    await place.put('my.json', JSON.stringify({ prompt: 'a cat', txt2img: { steps: 4 } }))
    expect((await place.cli(['plan', 'my.json'])).code).toBe(0)
  })

  test('is told with the place of a key, also of one with dots or a colon in it', async () => {
    const places = async (axes: string): Promise<string[]> => {
      const { err } = await planned(
        `prompt: x\ntxt2img: {}\nsweep:\n  axes:\n    seed: [1, 2]\n    ${axes}\n`,
      )
      return [...err.matchAll(/my\.yaml:(\d+:\d+)/g)].map(([, at = '']) => at)
    }
    expect(await places('refiner.hr_scal: [1, 2]')).toEqual(['6:5'])
    expect(await places('"prompt:WORD": []')).toEqual(['6:5'])
    expect(await places('steps: [hello]')).toEqual(['6:5'])
  })
})

describe('--set', () => {
  const set = async (config: unknown, ...options: string[]) =>
    withOverrides(config, { set: options }, await stagesOf(place as never), '/')

  test('changes one value and makes the maps on the way', async () => {
    const config = { refiner: { hr_scale: 2, enable_hr: true } }
    expect(await set(config, 'refiner.hr_scale=1.5', 'upscale.upscaler_1=R-ESRGAN 4x+')).toEqual({
      refiner: { hr_scale: 1.5, enable_hr: true },
      upscale: { upscaler_1: 'R-ESRGAN 4x+' },
    })
    expect(config.refiner.hr_scale).toBe(2)
  })

  test('reaches into lists, and lets them grow by one', async () => {
    const config = { adetailer: { units: [{ name: 'face', ad_model: 'a' }] } }
    const changed = await set(
      config,
      'adetailer.units[0].ad_model=b.pt',
      'adetailer.units[1]={ name: hands, ad_model: c.pt }',
    )
    expect(changed).toEqual({
      adetailer: {
        units: [
          { name: 'face', ad_model: 'b.pt' },
          { name: 'hands', ad_model: 'c.pt' },
        ],
      },
    })
  })

  test('takes a field of a sweep as one key, with its values', async () => {
    const sweep = { axes: { 'refiner.hr_scale': [1.5, 2], seed: [1] } }
    const changed = await set(
      { sweep },
      'sweep.axes.refiner.hr_scale=[1.25]',
      'sweep.axes.prompt:PLACE=[a pier, a harbour]',
      'sweep.axes.prompt=[one, two]',
      'sweep.limit=3',
    )
    expect(changed).toEqual({
      sweep: {
        axes: {
          'refiner.hr_scale': [1.25],
          seed: [1],
          'prompt:PLACE': ['a pier', 'a harbour'],
          prompt: ['one', 'two'],
        },
        limit: 3,
      },
    })
  })

  test('reads values as YAML: numbers, true, nothing, lists; other text stays text', async () => {
    expect(
      await set(
        {},
        'a=2',
        'b=true',
        'c=',
        'd=[x, 1]',
        'e="2"',
        'f=a: b',
        'g=&x',
        'prompt={a|b}: [c]',
      ),
    ).toEqual({
      a: 2,
      b: true,
      c: null,
      d: ['x', 1],
      e: '2',
      f: 'a: b',
      g: '&x',
      prompt: '{a|b}: [c]',
    })
  })

  test.each(['steps', '=4', 'a..b=1', 'a[x]=1', 'a b=1', '__proto__.x=1', 'a.constructor.b=1'])(
    '%s is refused',
    async (option) => {
      const { code, err } = await planned('prompt: x\ntxt2img:\n', '--set', option)
      expect([code, err.split(':')[0]]).toEqual([2, 'SW_CLI_BAD_SET'])
    },
  )

  test('a path through a plain value, or beyond a list, is refused', async () => {
    for (const option of ['steps.x=1', 'styles[3]=x', 'steps[0]=1'])
      expect((await planned('steps: 4\nstyles: [a]\n', '--set', option)).err).toContain(
        'SW_CLI_BAD_SET',
      )
  })

  test('never touches what objects inherit', () => {
    for (const path of ['__proto__', 'a.__proto__.b', 'a.prototype', 'constructor'])
      expect(readPath(path)).toBeUndefined()
  })
})

describe('the named options', () => {
  const over = async (config: unknown, overrides: Parameters<typeof withOverrides>[1]) =>
    withOverrides(config, overrides, await stagesOf({} as never), '/home/me')

  test('set the shared field, and the section of the first stage where it states its own', async () => {
    const config = { prompt: 'a', txt2img: { prompt: 'b' }, img2img: { prompt: 'c' } }
    expect(await over(config, { prompt: 'd', seed: 7, model: 'm' })).toEqual({
      prompt: 'd',
      seed: 7,
      model: 'm',
      txt2img: { prompt: 'd' },
      img2img: { prompt: 'c' },
    })
  })

  test.each([
    [1, 4, { batch_size: 1, n_iter: 4 }],
    [2, 6, { batch_size: 2, n_iter: 3 }],
    [4, 6, { batch_size: 3, n_iter: 2 }],
    [8, 2, { batch_size: 2, n_iter: 1 }],
    [4, 7, { batch_size: 1, n_iter: 7 }],
  ])('with batch_size %i, --count %i gives %o', async (batch, count, expected) => {
    expect(await over({ txt2img: null, batch_size: batch }, { count })).toEqual({
      txt2img: null,
      ...expected,
    })
  })

  test('--count beats what the section itself says', async () => {
    expect(await over({ txt2img: { n_iter: 9 } }, { count: 2 })).toEqual({
      batch_size: 1,
      n_iter: 2,
      txt2img: { n_iter: 2 },
    })
  })

  test('--count without a stage that generates is an error', async () => {
    await place.put('up.yaml', 'upscale: { upscaler_1: Lanczos }')
    const { code, err } = await place.cli(['plan', 'up.yaml', '--count', '3'])
    expect([code, err.split(':')[0]]).toEqual([2, 'SW_CLI_COUNT_UNUSED'])
  })

  test('--images go to img2img where it is the first, else to input_images', async () => {
    expect(await over({ img2img: { mask: 'm.png' } }, { images: ['p/*.png'] })).toEqual({
      img2img: { mask: 'm.png', init_images: ['/home/me/p/*.png'] },
    })
    for (const config of [{ upscale: {} }, { img2img: { enabled: false }, upscale: {} }])
      expect(await over(config, { images: ['a.png'] })).toEqual({
        ...config,
        input_images: ['/home/me/a.png'],
      })
  })
})
