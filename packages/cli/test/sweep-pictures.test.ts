import { createHash } from 'node:crypto'

import { startFakeWebui } from '@stagewright/fake-webui'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

describe('a sweep over given pictures', () => {
  test('each of several given pictures has its own draw, with the seeds that they have in one run', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    for (const [i, name] of ['a/2', 'a/10', 'b', 'm1', 'm2', 'm3'].entries())
      await place.put(`photos/${name}.png`, await square(i * 40))
    const run = (prompt: string): string =>
      `prompt: ${prompt}\nseed: 7\nsteps: 2\nimg2img: { init_images: [photos/a, photos/b.png], mask: [photos/m1.png, photos/m2.png, photos/m3.png], n_iter: 2 }\n`
    await place.put('one.yaml', run('a house'))
    const draws = '"a {a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p} house"'
    await place.put('each.yaml', `${run(draws)}sweep: { axes: { steps: [2] } }`)
    const told = async (file: string) => {
      const from = fake.requests.length
      const { code, err } = await place.cli(['run', file, '--backend', fake.url])
      expect([code, err]).toEqual([0, ''])
      const posts = fake.requests.slice(from).filter(({ path }) => path === '/sdapi/v1/img2img')
      return posts.map(({ body }) => body as Post)
    }
    interface Post {
      readonly prompt: string
      readonly [field: string]: unknown
    }
    const plain = ({ seed, init_images: images, mask, n_iter: n, batch_size: b }: Post): unknown =>
      createHash('sha256')
        .update(JSON.stringify([seed, images, mask, n, b]))
        .digest('hex')
    const [together, apart] = [await told('one.yaml'), await told('each.yaml')]
    expect(apart.map(plain)).toEqual(together.map(plain))
    expect(new Set(together.map(({ prompt }) => prompt)).size).toBe(1)
    expect(new Set(apart.map(({ prompt }) => prompt)).size).toBeGreaterThan(3)
    const planned = await place.cli(['plan', 'each.yaml'])
    expect(planned.out).toContain('1 cell of several pictures becomes 6 runs of one')
  }, 60_000)

  test('each of several pictures that are only worked on has its own draw', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await place.put(`photos/${name}.png`, await square(90))
    const unit = '{ ad_model: face_yolov8n.pt, ad_prompt: "{a|b|c|d|e|f|g|h|i|j|k|l} face" }'
    const rest = `seed: 7\ninput_images: ["photos/*.png"]\nadetailer: { units: [${unit}] }\n`
    await place.put('faces.yaml', `${rest}sweep: { axes: { steps: [8] } }`)
    const { out, err } = await place.cli(['plan', 'faces.yaml', '--json'])
    expect(err).toBe('')
    const { sweep } = JSON.parse(out) as { sweep: { cells: readonly { drawn?: object }[] } }
    const drawn = sweep.cells.map((one) => JSON.stringify(one.drawn))
    expect(drawn).toHaveLength(4)
    expect(new Set(drawn).size).toBeGreaterThan(2)
    expect(drawn[0]).toMatch(/^\{"adetailer\.units\[0\]\.ad_prompt":"[a-l] face"\}$/)
    await place.put('once.yaml', `${rest}sweep: { axes: { steps: [8] }, wildcards: per_cell }`)
    const once = await place.cli(['plan', 'once.yaml', '--json'])
    expect(JSON.parse(once.out)).toMatchObject({ sweep: { cells: [{ cell: 1 }], notes: [] } })
    await place.put('seeds.yaml', `${rest}sweep: { axes: { seed: 7..10 } }`)
    const seeds = await place.cli(['plan', 'seeds.yaml', '--json'])
    const { cells } = (JSON.parse(seeds.out) as { sweep: { cells: { drawn?: object }[] } }).sweep
    const of = cells.map((one) => JSON.stringify(one.drawn))
    // Cells of a picture and its seeds: 7 draws what it draws alone, the others something else.
    expect(of.slice(0, 4)).toEqual(drawn)
    for (const picture of [0, 1, 2, 3])
      expect(new Set([0, 4, 8, 12].map((from) => of[from + picture])).size).toBeGreaterThan(1)
  })

  test('pictures that are only worked on keep the seeds that they have in one run', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    for (const name of ['a', 'b', 'c']) await place.put(`photos/${name}.png`, await square(90))
    const seedsOf = async (more: string): Promise<unknown[]> => {
      const unit = '{ ad_model: face_yolov8n.pt, ad_prompt: "{a|b} face" }'
      const file = `seed: 7\n${more}\ninput_images: [photos]\nadetailer: { units: [${unit}] }\n`
      const from = fake.requests.length
      await place.put('work.yaml', file)
      const { code } = await place.cli(['run', 'work.yaml', '--backend', fake.url])
      expect(code).toBe(0)
      const posts = fake.requests.slice(from).filter(({ path }) => path === '/sdapi/v1/img2img')
      return posts.map(({ body }) => {
        const { seed, subseed, subseed_strength: varied } = body as Readonly<Record<string, number>>
        return varied === 0 ? seed : [seed, subseed]
      })
    }
    expect(await seedsOf('sweep: { axes: { steps: [8] } }')).toEqual(await seedsOf(''))
    const varied = 'subseed: 3\nsubseed_strength: 0.2\n'
    expect(await seedsOf(`${varied}sweep: { axes: { steps: [8] } }`)).toEqual(await seedsOf(varied))
  }, 60_000)
})

function square(red: number): Promise<Buffer> {
  return sharp({
    create: { width: 64, height: 64, channels: 3, background: { r: red, g: 200, b: 9 } },
  })
    .png()
    .toBuffer()
}
