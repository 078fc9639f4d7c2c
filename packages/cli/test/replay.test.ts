import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { withMetadata } from '@stagewright/metadata'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { Workplace } from './support.js'

const run = `
prompt: "a lighthouse keeper"
seed: 41
width: 64
height: 64
steps: 4
n_iter: 2
txt2img:
upscale: { upscaler_1: Lanczos, upscaling_resize: 2 }
`
const others = [
  'a harbour at dusk, boats',
  'Negative prompt: people',
  'Steps: 9, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234, Size: 64x96, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, ENSD: 31337, Version: v1.10.1',
].join('\n')

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

function blank(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: '#446688' } })
}

describe('replay', () => {
  test('of a picture of ours makes the same pixels, without taking anything that is kept', async () => {
    await place.put('small.yaml', run)
    await place.cli(['run', 'small.yaml', '--out', 'o'])
    const final = (await place.files('o')).find((name) => name.endsWith('02-s42.png'))
    const { code, out } = await place.cli(['replay', `o/${final}`, '--out', 'o'])
    expect([code, out]).toEqual([0, expect.stringMatching(/\ncompared +same pixels\n$/)])
    expect(out).toContain('seed ')
    expect(out).not.toContain('kept')
  })

  test('of a picture of one stage leaves out the stages behind it', async () => {
    await place.put('small.yaml', run)
    await place.cli(['run', 'small.yaml', '--out', 'o'])
    const stage = (await place.files('o')).find((name) => name.includes('1-txt2img/01'))
    const { out } = await place.cli(['replay', `o/${stage}`, '--out', 'o'])
    expect(out).toContain('off: img2img, refiner, upscale, adetailer')
    expect(out).toMatch(/compared +same pixels\n$/)
  })

  test('of a WebUI’s picture says field by field what was recovered, guessed and lost', async () => {
    const png = await blank(64, 96).png().toBuffer()
    await place.put('theirs.png', withMetadata(png, { infotext: others }).bytes)
    const { code, out, err } = await place.cli(['replay', 'theirs.png', '--write', 'theirs.yaml'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/prompt +infotext +"a harbour at dusk, boats"\n/)
    expect(out).toMatch(/seed +infotext +1234\n/)
    expect(out).toMatch(/infotext\["ENSD"\] +lost /)
    const config = parse(await place.read('theirs.yaml')) as Record<string, unknown>
    expect(config).toMatchObject({
      prompt: 'a harbour at dusk, boats',
      negative_prompt: 'people',
      sampler_name: 'DPM++ 2M',
      scheduler: 'Karras',
      steps: 9,
      cfg_scale: 6.5,
      seed: 1234,
      width: 64,
      height: 96,
    })
    expect((await place.cli(['run', 'theirs.yaml'])).code).toBe(0)
  })

  test('of a JPEG with a user comment makes a run, and says in what it differs', async () => {
    const jpeg = await blank(64, 96).jpeg().toBuffer()
    await place.put('theirs.jpg', withMetadata(jpeg, { infotext: others }).bytes)
    const { code, lines } = await place.cli(['replay', 'theirs.jpg', '--json'])
    expect(code).toBe(0)
    expect(lines.at(-1)).toMatchObject({
      type: 'replay-graded',
      grade: expect.stringMatching(/^(same_settings|different)$/) as string,
      why: expect.arrayContaining([expect.stringContaining('of the pixels differ')]) as unknown,
    })
  })

  test('refuses what carries nothing, and what is no picture, with what to do', async () => {
    await place.put('bare.png', await blank(8, 8).png().toBuffer())
    await place.put('words.png', 'no picture at all')
    const bare = await place.cli(['replay', 'bare.png'])
    expect([bare.code, bare.err]).toEqual([2, expect.stringContaining('SW_CLI_NOTHING_TO_REPLAY')])
    const words = await place.cli(['replay', 'words.png'])
    expect([words.code, words.err]).toEqual([2, expect.stringContaining('SW_CLI_NOT_A_PICTURE')])
    expect((await place.cli(['replay', 'gone.png'])).err).toContain('SW_CLI_NOT_A_PICTURE')
  })
})

test('what a picture tells holds no folder of this machine', async () => {
  await place.put('small.yaml', run)
  await place.cli(['run', 'small.yaml', '--out', 'o'])
  for (const name of (await place.files('o')).filter((one) => one.endsWith('.png'))) {
    const bytes = await readFile(join(place.path, 'o', name))
    expect(bytes.includes(place.path)).toBe(false)
  }
})
