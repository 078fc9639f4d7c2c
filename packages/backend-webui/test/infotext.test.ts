import { infotextOf } from '@stagewright/metadata'
import { describe, expect, it } from 'vitest'

import { png } from './pictures.js'
import { picture, stubServer } from './stub-server.js'

describe('the infotext of a result', () => {
  it('replaces the server’s, which is false after a repair or an enlargement', async () => {
    const made = png({
      width: 64,
      height: 64,
      pixel: () => [1, 1, 1],
      parameters: 'Steps: 1, Sampler: Euler, Size: 128x128',
    })
    const server = stubServer('a1111', { reply: () => ({ images: [made] }) })
    const first = await server.txt2img({}, { stage: 'txt2img' })
    const [image = picture()] = first.images
    const { images } = await server.detail(
      { image: { ...image, lineage: ['txt2img'] } },
      { stage: 'adetailer', label: 'face' },
    )
    const other = stubServer('a1111')
    const repaired = await other.detail(
      { image: { ...image, lineage: ['txt2img'] } },
      { stage: 'adetailer', label: 'face' },
    )
    expect(infotextOf((await images[0]?.bytes()) ?? new Uint8Array())).toContain('Steps: 20')
    const text = infotextOf((await repaired.images[0]?.bytes()) ?? new Uint8Array())
    expect(text).toContain('Steps: 20, Sampler: Euler')
    expect(text).toContain('ADetailer model: face_yolov8n.pt, ADetailer confidence: 0.3')
    expect(text).toContain('Stages: txt2img > adetailer (face)')
    expect(text).not.toContain('128x128')
  })
})
