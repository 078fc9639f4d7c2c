import { cp, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { photo, sha256, Workplace } from './support.js'

const small = `
prompt: "a lighthouse keeper"
seed: 41
width: 64
height: 96
steps: 4
txt2img:
`
const full = `${small}
refiner: { enable_hr: true, hr_scale: 1.5, hr_upscaler: Lanczos, hr_strategy: merged }
upscale: { upscaler_1: Lanczos, upscaling_resize: 2 }
adetailer: { units: [{ name: face, ad_model: face_yolov8n.pt }] }
`
const noon = () => new Date(2025, 10, 23, 12, 0, 0)

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

describe('what a run leaves', () => {
  test('every stage has its folder, the host of a merged pass the pictures from before it', async () => {
    await place.put('full.yaml', full)
    const { code, err } = await place.cli(['run', 'full.yaml'], { now: noon })
    expect([code, err]).toEqual([0, ''])
    expect(await place.files('out')).toEqual(
      [
        'contact-sheet.png',
        'final/01-s41.png',
        'journal.jsonl',
        'run.json',
        'run.yaml',
        'stages/1-txt2img/01-s41.png',
        'stages/2-refiner/01-s41.png',
        'stages/3-upscale/01-s41.png',
        'stages/4-adetailer/01-s41.png',
      ].map((name) => `20251123-120000-full/${name}`),
    )
    const stages = join(place.path, 'out/20251123-120000-full/stages')
    expect(await sizeOf(join(stages, '1-txt2img/01-s41.png'))).toBe('64x96')
    expect(await sizeOf(join(stages, '2-refiner/01-s41.png'))).toBe('96x144')
    expect(await sizeOf(join(stages, '4-adetailer/01-s41.png'))).toBe('192x288')
  })

  test('it prints the plan, each stage, and ends by saying where everything is', async () => {
    await place.put('full.yaml', full)
    const { out } = await place.cli(['run', 'full.yaml'], { now: noon })
    expect(out).toContain('1. txt2img')
    expect(out).toMatch(/txt2img \+ refiner +done in .* 1 of 96x144/)
    expect(out).toMatch(/adetailer: face: (changed|nothing found) in 1/)
    expect(out.trim().split('\n').slice(-4)).toEqual([
      'pictures       out/20251123-120000-full/final/01-s41.png',
      'stages         out/20251123-120000-full/stages/',
      'contact sheet  out/20251123-120000-full/contact-sheet.png',
      'run again      stagewright run out/20251123-120000-full/run.yaml',
    ])
  })

  test('--quiet prints the folder and nothing else', async () => {
    await place.put('small.yaml', small)
    const { out } = await place.cli(['run', 'small.yaml', '--quiet'], { now: noon })
    expect(out).toBe('out/20251123-120000-small\n')
  })

  test('a run in the same second gets a folder of its own', async () => {
    await place.put('small.yaml', small)
    for (let i = 0; i < 3; i++) await place.cli(['run', 'small.yaml', '--out', 'o'], { now: noon })
    const folders = new Set((await place.files('o')).map((name) => name.split('/')[0]))
    expect(
      [...folders].map(String).toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)),
    ).toEqual(['20251123-120000-small', '20251123-120000-small-2', '20251123-120000-small-3'])
  })

  test('names are made safe, and cut to 100 characters', async () => {
    const name = `Mein Café & «Bär» ${'lang '.repeat(30)}.yaml`
    await place.put(name, small)
    expect((await place.cli(['run', name], { now: noon })).code).toBe(0)
    const [first = ''] = await place.files('out')
    const folder = first.split('/')[0] ?? ''
    expect(folder).toMatch(/^20251123-120000-Mein-Cafe-Bar-[\w-]+$/)
    expect(folder.length).toBeLessThanOrEqual(100)
  })

  test('--learn appends a line for each run', async () => {
    await place.put('small.yaml', small)
    for (let i = 0; i < 2; i++) await place.cli(['run', 'small.yaml', '--learn'])
    const text = await readFile(join(place.path, 'out/learning_records.jsonl'), 'utf8')
    const records = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seeds: number[] })
    expect(records.map(({ seeds }) => seeds)).toEqual([[41], [41]])
  })
})

describe('run.yaml repeats the run', () => {
  test('a random seed and the model are settled in it, and the pictures come out the same', async () => {
    await place.put('random.yaml', full.replace('seed: 41', 'seed: -1'))
    const first = await finals(['run', 'random.yaml', '--count', '2'])
    expect(first.runFile).toMatch(/seed: \d+/)
    expect(first.runFile).toContain('model: sketch')
    const second = await finals(['run', first.path])
    expect(second.digests).toEqual(first.digests)
  })

  test('given pictures and masks go along, so the folder can be moved', async () => {
    await place.put('in/a/2.png', await photo(128, 128))
    await place.put('in/a/10.png', await photo(128, 128, 60))
    await place.put('in/b/2.png', await photo(128, 128, 120))
    const mask = Buffer.alloc(128 * 128, 0).fill(255, 4000, 9000)
    const raw = { width: 128, height: 128, channels: 1 } as const
    await place.put('in/mask.png', await sharp(mask, { raw }).png().toBuffer())
    await place.put(
      'masked.yaml',
      `prompt: a vase
steps: 4
img2img: { init_images: ["in/*/*.png"], mask: in/mask.png, denoising_strength: 0.8 }
`,
    )
    const first = await finals(['run', 'masked.yaml'])
    expect(first.digests).toHaveLength(3)
    const moved = await Workplace.make()
    await rename(first.folder, join(moved.path, 'kept'))
    const second = await finals(['run', join(moved.path, 'kept/run.yaml')])
    expect(second.digests).toEqual(first.digests)
    await moved[Symbol.asyncDispose]()
  })

  test('a run on given pictures repeats too', async () => {
    await place.put('photos/one.png', await photo(96, 64))
    await place.put('up.yaml', 'upscale: { upscaler_1: Lanczos, upscaling_resize: 2 }')
    const first = await finals(['run', 'up.yaml', '--images', 'photos/*.png'])
    expect(first.runFile).toContain('inputs/one.png')
    expect((await finals(['run', first.path])).digests).toEqual(first.digests)
  })

  async function finals(argv: readonly string[]) {
    const ended = await place.cli([...argv, '--json', '--quiet'])
    const last = ended.lines.at(-1) as unknown as Finished
    expect([ended.code, last.status]).toEqual([0, 'done'])
    return {
      folder: last.folder,
      path: last.run_file,
      runFile: await readFile(last.run_file, 'utf8'),
      digests: last.images.map(({ sha256: digest }) => digest),
    }
  }
})

interface Finished {
  readonly status: string
  readonly folder: string
  readonly run_file: string
  readonly images: readonly { path: string; sha256: string; seed: number; stages: string[] }[]
  readonly error?: { code: string; kind: string; hint: string }
}

describe('run --json', () => {
  test('prints one event a line, and the digest of each picture is that of its file', async () => {
    await place.put('full.yaml', full)
    const { lines, err } = await place.cli([
      'run',
      'full.yaml',
      '--json',
      '--count',
      '2',
      '--quiet',
    ])
    expect(err).toContain('out/')
    const types = lines.map(({ type }) => type)
    expect(types[0]).toBe('run-started')
    expect(types.at(-1)).toBe('run-finished')
    expect(types.filter((type) => type === 'run-finished')).toHaveLength(1)
    expect(new Set(types)).toEqual(
      new Set([
        'run-started',
        'stage-started',
        'stage-progress',
        'call-finished',
        'stage-finished',
        'run-finished',
      ]),
    )
    for (const line of lines)
      for (const key of Object.keys(line)) expect(key).toMatch(/^[a-z_0-9]+$/)
    const { images } = lines.at(-1) as unknown as Finished
    expect(images.map(({ seed }) => seed)).toEqual([41, 42])
    expect(images[0]?.stages).toEqual(['txt2img', 'refiner', 'upscale', 'adetailer:face'])
    for (const { path, sha256: digest } of images) expect(await sha256(path)).toBe(digest)
  })

  test('ends with run-finished also when the run never began', async () => {
    await place.put('wrong.yaml', 'txt2img: { stepz: 4 }\nprompt: a cat\n')
    const { code, lines, err } = await place.cli(['run', 'wrong.yaml', '--json'])
    expect(code).toBe(2)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      type: 'run-finished',
      status: 'failed',
      images: [],
      error: { code: 'SW_CONFIG_UNKNOWN_KEY', kind: 'config' },
    })
    expect(err).toContain('Did you mean "steps"')
  })
})

describe('given pictures', () => {
  test('pictures outside the folder of the run file are refused, unless allowed', async () => {
    await place.put('outside/a.png', await photo(64, 64))
    await place.put(
      'in/up.yaml',
      'input_images: [../outside/a.png]\nupscale: { upscaler_1: Lanczos }',
    )
    const refused = await place.cli(['run', 'in/up.yaml'])
    expect([refused.code, refused.err.split(':')[0]]).toEqual([2, 'SW_IMAGE_OUTSIDE_ROOT'])
    expect(refused.err).toContain('--allow-path')
    expect((await place.cli(['run', 'in/up.yaml', '--allow-path', 'outside'])).code).toBe(0)
  })

  test('--images is relative to where the command is called, and feeds img2img where that comes first', async () => {
    await place.put('mine/b.png', await photo(64, 64))
    await place.put('mine/a.png', await photo(64, 64, 9))
    const section = 'img2img: { init_images: [none.png], denoising_strength: 0.5 }'
    await place.put('in/restyle.yaml', `prompt: a town\nsteps: 4\n${section}\n`)
    const ended = await place.cli(['run', 'in/restyle.yaml', '--images', 'mine/*.png', '--json'])
    expect(ended.lines.at(-1)).toMatchObject({ status: 'done', images: [{}, {}] })
  })

  test('--images beside txt2img is refused with what to do, not ignored', async () => {
    await place.put('a.png', await photo(64, 64))
    await place.put('small.yaml', small)
    const ended = await place.cli(['run', 'small.yaml', '--images', 'a.png'])
    expect([ended.code, ended.err.split(':')[0]]).toEqual([2, 'SW_PLAN_PICTURES_DISCARDED'])
  })

  test('a pattern that the shell took apart is told', async () => {
    const ended = await place.cli(['run', 'x.yaml', '--images', 'a.png', 'b.png'])
    expect(ended.code).toBe(2)
    expect(ended.err).toContain('Quote the pattern')
  })
})

test('the shipped examples are planned without a mistake', async () => {
  const examples = join(import.meta.dirname, '../../../examples')
  await cp(examples, join(place.path, 'examples'), { recursive: true })
  for (const name of ['portrait', 'classic', 'restyle', 'inpaint', 'flux-forge', 'products']) {
    const { code, err } = await place.cli(['plan', `examples/${name}.yaml`])
    expect([name, code, err]).toEqual([name, 0, ''])
  }
})

async function sizeOf(path: string): Promise<string> {
  const { width, height } = await sharp(path).metadata()
  return `${width}x${height}`
}
