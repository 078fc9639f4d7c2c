import { describe, expect, it } from 'vitest'

import { png } from './pictures.js'
import { failing, picture, stubServer } from './stub-server.js'

describe('a detail call', () => {
  const image = picture()

  it.each([0, 1, 2, 3, 4])('that changed no pixel is unchanged, filter %i', async (filter) => {
    const same = png({ width: 64, height: 64, filter, parameters: 'Steps: 1, Sampler: Euler' })
    const server = stubServer('a1111', { reply: () => ({ images: [same] }) })
    const result = await server.detail({ image })
    expect(result.unchanged).toBe(true)
    expect(result.images[0]?.digest).toBe(image.digest)
  })

  it('that changed a pixel is not', async () => {
    const other = png({ width: 64, height: 64, pixel: (x, y) => [x, y, 9] })
    const server = stubServer('a1111', { reply: () => ({ images: [other] }) })
    expect((await server.detail({ image })).unchanged).toBe(false)
  })

  it('compares a picture with alpha by its colours', async () => {
    const same = png({ width: 64, height: 64, colour: 6 })
    const server = stubServer('a1111', { reply: () => ({ images: [same] }) })
    expect((await server.detail({ image })).unchanged).toBe(true)
  })

  it('is unknown where the format is lossy', async () => {
    const jpeg = Buffer.from(
      'ffd8ffe000104a46494600010100000100010000ffc0000b080040004001011100ffd9',
      'hex',
    )
    const server = stubServer('sdnext', {
      reply: () => ({ images: [jpeg], body: { detections: 1 } }),
    })
    expect((await server.detail({ image, ad_model: 'face-yolo8n' })).unchanged).toBe('unknown')
  })

  it('that answers another size did not run: the server has redrawn the whole', async () => {
    const whole = png({ width: 72, height: 64 })
    const server = stubServer('a1111', { reply: () => ({ images: [whole] }) })
    expect((await failing(server.detail({ image }))).code).toBe('SW_WEBUI_SIZE_LOST')
  })

  it('says when a region was larger than the size it was redrawn at', async () => {
    const other = png({ width: 64, height: 64, pixel: (x) => [0, 0, x] })
    const server = stubServer('a1111', { reply: () => ({ images: [other] }) })
    const { warnings } = await server.detail({ image, width: 32, height: 32 })
    expect(warnings?.[0]).toContain('at 32x32: raise ad_inpaint_width/height')
  })
})
