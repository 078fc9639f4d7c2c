import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

import { fakeExtension } from '../src/index.js'
import { textsOf } from '../src/pictures/chunks.js'
import { drawn, pixelsOf, sizeOf, started } from './client.js'

describe('an extension of one’s own', () => {
  const negative = fakeExtension({
    title: 'Acme Negative',
    args: [
      { label: 'Enable', value: false },
      { label: 'Share', value: 1, minimum: 0, maximum: 1 },
    ],
    routes: {
      'GET /acme/v1/version': { version: '1.2' },
      'POST /acme/v1/echo': (body: unknown) => ({ body }),
    },
    effect: (png, [on]) => (on === true ? sharp(png).negate().png().toBuffer() : undefined),
  })

  test('acts on the finished pictures, with its page’s arguments where none are sent', async () => {
    await using client = await started({ dialect: 'a1111', extensions: [negative] })
    const plain = await client.txt2img({})
    const off = await client.txt2img({ alwayson_scripts: { 'acme negative': { args: [] } } })
    expect(off.json.images[0]).toBe(plain.json.images[0])
    const on = await client.txt2img({ alwayson_scripts: { 'acme negative': { args: [true] } } })
    expect(await pixelsOf(on.json.images[0])).not.toBe(await pixelsOf(plain.json.images[0]))
  })

  test('is listed with its arguments, and its routes answer without a password', async () => {
    await using client = await started({ dialect: 'forge', extensions: [negative], auth: 'a:b' })
    expect((await client.get('/acme/v1/version')).json).toEqual({ version: '1.2' })
    expect((await client.post('/acme/v1/echo', { a: 1 })).json).toEqual({ body: { a: 1 } })
    const authorization = `Basic ${Buffer.from('a:b').toString('base64')}`
    const info = (await client.get('/sdapi/v1/script-info', { authorization })).json
    const own = info.find(({ name }: { name: string }) => name === 'acme negative')
    expect(own.args.map(({ label }: { label: string }) => label)).toEqual(['Enable', 'Share'])
  })

  test('that raises is swallowed', async () => {
    const broken = fakeExtension({
      title: 'Broken',
      args: [],
      effect: () => {
        throw new Error('no')
      },
    })
    await using client = await started({ dialect: 'a1111', extensions: [broken] })
    const { status, headers } = await client.txt2img({})
    expect(status).toBe(200)
    expect(headers['x-fake-ignored']).toBe('alwayson_scripts.Broken')
  })

  test('with a badly written route is a TypeError', () => {
    expect(() => fakeExtension({ title: 'X', args: [], routes: { '/x': 1 } })).toThrow(TypeError)
  })
})

describe('ControlNet', () => {
  test('appends its maps to the pictures', async () => {
    await using client = await started({ dialect: 'a1111' })
    const unit = {
      enabled: true,
      image: await drawn(32, 32),
      module: 'canny',
      model: 'control_v11p_sd15_canny',
    }
    const { json } = await client.txt2img({ alwayson_scripts: { ControlNet: { args: [unit] } } })
    expect(json.images).toHaveLength(2)
    expect(JSON.parse(json.info).all_seeds).toHaveLength(1)
    expect(await sizeOf(json.images[1])).toBe('png 64x64')
    expect((await client.get('/controlnet/model_list')).json.model_list).toHaveLength(3)
  })

  test('leaves out a unit without a known model', async () => {
    await using client = await started({ dialect: 'a1111' })
    const args = [{ enabled: true, image: await drawn(32, 32), model: 'nope' }]
    const { json, headers } = await client.txt2img({ alwayson_scripts: { ControlNet: { args } } })
    expect(json.images).toHaveLength(1)
    expect(headers['x-fake-ignored']).toBe('alwayson_scripts.ControlNet.args[0].model')
  })
})

describe('SD upscale', () => {
  test('enlarges the picture; width and height are the tile’s', async () => {
    await using client = await started({ dialect: 'a1111' })
    const init_images = [await drawn(96, 64)]
    const body = { init_images, script_name: 'sd upscale' }
    const { json } = await client.img2img({ ...body, script_args: [null, 16, 'R-ESRGAN 4x+', 2] })
    expect(await sizeOf(json.images[0])).toBe('png 192x128')
    // The file carries no infotext; info has the first tile's.
    expect(textsOf(Buffer.from(json.images[0], 'base64'))).toEqual({})
    expect(JSON.parse(json.info).infotexts[0]).toContain('SD upscale upscaler: R-ESRGAN 4x+')
    const none = await client.img2img({ ...body, script_args: [null, 16, 'None', 2] })
    expect(await sizeOf(none.json.images[0])).toBe('png 96x64')
    expect((await client.img2img({ ...body, script_args: [null, 16] })).status).toBe(500)
    const whole = await client.img2img({ ...body, script_args: [null, 64, 'Lanczos', 2] })
    expect(whole).toMatchObject({ status: 500, json: { error: 'ZeroDivisionError' } })
  })
})

describe('extra-single-image', () => {
  test.each([
    [{ upscaling_resize: 1.3 }, 'png 80x40'],
    [{ resize_mode: 1, upscaling_resize_w: 100, upscaling_resize_h: 100 }, 'png 100x100'],
    [
      { resize_mode: 1, upscaling_resize_w: 96, upscaling_resize_h: 96, upscaling_crop: false },
      'png 192x96',
    ],
  ])('%j gives %s', async (body, size) => {
    await using client = await started({ dialect: 'a1111' })
    const image = await drawn(64, 32)
    const { json } = await client.post('/sdapi/v1/extra-single-image', {
      image,
      upscaler_1: 'Lanczos',
      ...body,
    })
    expect(await sizeOf(json.image)).toBe(size)
  })

  test('its own upscaler None does nothing, and says so nowhere', async () => {
    await using client = await started({ dialect: 'forge' })
    const image = await drawn(64, 32)
    const { status, json } = await client.post('/sdapi/v1/extra-single-image', { image })
    expect(status).toBe(200)
    expect(await pixelsOf(json.image)).toBe(await pixelsOf(image))
    expect(await sizeOf(json.image)).toBe('png 64x32')
  })

  test('keeps the text of the picture', async () => {
    await using client = await started({ dialect: 'a1111' })
    const image = (await client.txt2img({})).json.images[0]
    const { json } = await client.post('/sdapi/v1/extra-single-image', {
      image,
      upscaler_1: 'Nearest',
    })
    expect(textsOf(Buffer.from(json.image, 'base64'))['parameters']).toContain('Seed: 42')
  })

  test('an unknown upscaler and no picture are refused', async () => {
    await using client = await started({ dialect: 'a1111' })
    const image = await drawn(64, 32)
    const path = '/sdapi/v1/extra-single-image'
    const bad = await client.post(path, { image, upscaler_1: 'Nope' })
    expect(bad.json).toMatchObject({
      error: 'AssertionError',
      errors: 'could not find upscaler named Nope',
    })
    const none = await client.post(path, { upscaler_1: 'Lanczos' })
    expect(none).toMatchObject({ status: 500, json: { detail: 'Invalid encoded image' } })
  })

  test('a list of pictures is answered by a list', async () => {
    await using client = await started({ dialect: 'reforge' })
    const data = await drawn(16, 16)
    const { json } = await client.post('/sdapi/v1/extra-batch-images', {
      imageList: [
        { data, name: 'a' },
        { data, name: 'b' },
      ],
      upscaler_1: 'Nearest',
    })
    expect(json.images).toHaveLength(2)
  })
})

test('png-info takes an infotext apart, and adds what the picture does not say', async () => {
  await using client = await started({ dialect: 'a1111' })
  const image = (await client.txt2img({ negative_prompt: 'dull' })).json.images[0]
  const { json } = await client.post('/sdapi/v1/png-info', { image })
  expect(json.parameters).toMatchObject({
    Prompt: 'a cat',
    'Negative prompt': 'dull',
    Seed: '42',
    'Size-1': '64',
    'Size-2': '64',
    'Clip skip': '1',
    'Hires resize-1': 0,
  })
  expect(json.items.parameters).toBe(json.info)
  const bare = await client.post('/sdapi/v1/png-info', { image: await drawn(8, 8) })
  expect(bare.json).toEqual({ info: '', items: {}, parameters: {} })
})
