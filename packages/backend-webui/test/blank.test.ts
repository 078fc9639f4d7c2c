import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { txt2img } from '@stagewright/stage-txt2img'
import { describe, expect, it } from 'vitest'

import { webui } from '../src/index.js'
import { onlyColour } from '../src/result/blank.js'
import { png } from './pictures.js'
import { picture, stubServer } from './stub-server.js'

const black = () => [0, 0, 0] as const

describe('a picture that is black throughout', () => {
  it.each(['forge', 'a1111'] as const)(
    'is a warning with its cause and remedy where %s makes one of NaN',
    async (dialect) => {
      await using fake = await startFakeWebui({ dialect, tinyPictures: true })
      fake.faults.add({ kind: 'nan', match: { body: { seed: 8 } } })
      await using backend = webui({ url: fake.url, pollInterval: 10 })
      await using pipeline = createPipeline({ backend, stages: [txt2img] })
      const words = { prompt: 'a pier', seed: 7, width: 64, height: 64, steps: 2 }
      const { status, images, warnings } = await pipeline.run({ ...words, txt2img: { n_iter: 2 } })
      expect([status, images.length]).toEqual(dialect === 'forge' ? ['done', 2] : ['partial', 1])
      expect(warnings.filter((text) => text.includes('is black throughout'))).toHaveLength(
        dialect === 'forge' ? 1 : 0,
      )
      if (dialect === 'forge') expect(warnings.join()).toMatch(/NaN.*--no-half-vae.*--vae-in-fp32/)
    },
  )

  it('is told by its place in the batch', async () => {
    const server = stubServer('forge', {
      reply: () => ({ images: [png({ width: 64, height: 64 }), dark(4), dark(0)] }),
    })
    const { warnings } = await server.txt2img({ batch_size: 3 })
    expect(warnings).toEqual([
      expect.stringContaining('picture 2 is black'),
      expect.stringContaining('picture 3 is black'),
    ])
  })

  it('is told of an enlargement too', async () => {
    const server = stubServer('forge', { reply: () => ({ images: [dark(2)] }) })
    expect((await server.extras()).warnings).toEqual([expect.stringContaining('black throughout')])
  })

  it('is no surprise where it was made from a black one', async () => {
    const server = stubServer('forge', { reply: () => ({ images: [dark(2)] }) })
    const night = picture({ pixel: black })
    expect((await server.img2img({ images: [night] })).warnings).toEqual([])
    expect((await server.img2img({ images: [picture()] })).warnings).toHaveLength(1)
    expect(
      (await server.img2img({ images: [picture({ pixel: () => [9, 9, 9] })] })).warnings,
    ).toHaveLength(1)
  })

  it('is one of another colour with less certainty', async () => {
    const grey = png({ width: 64, height: 64, pixel: () => [128, 128, 128] })
    const server = stubServer('forge', { reply: () => ({ images: [grey] }) })
    const { warnings } = await server.txt2img()
    expect(warnings).toEqual([expect.stringMatching(/of one colour \(#808080\) .* perhaps/)])
  })
})

describe('whether a picture is of one colour', () => {
  it.each([0, 1, 2, 3, 4])('is seen whatever its filter, %i', async (filter) => {
    for (const colour of [2, 6] as const) {
      const of = (pixel: (x: number, y: number) => readonly [number, number, number]) =>
        onlyColour(png({ width: 300, height: 200, filter, colour, pixel }))
      expect(await of(() => [12, 200, 7])).toBe('#0cc807')
      expect(await of((x, y) => [12, 200, x === 299 && y === 199 ? 8 : 7])).toBeUndefined()
      expect(await of((x) => [x === 1 ? 1 : 0, 0, 0])).toBeUndefined()
    }
  })

  it('is unknown of one that is cut off, damaged, or no PNG', async () => {
    const whole = Buffer.from(png({ width: 300, height: 200, pixel: black }))
    expect(await onlyColour(whole.subarray(0, -30))).toBeUndefined()
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, whole.indexOf('IDAT') + 4, whole.indexOf('IDAT') + 20)
    expect(await onlyColour(damaged)).toBeUndefined()
    expect(await onlyColour(Buffer.from('ffd8ffe000104a464946', 'hex'))).toBeUndefined()
  })
})

function dark(filter: 0 | 2 | 4): Uint8Array {
  return png({ width: 64, height: 64, filter, pixel: black })
}
