import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

import { textsOf } from '../src/pictures/chunks.js'
import { drawn, pixelsOf, sizeOf, started } from './client.js'

const webui = ['a1111', 'forge', 'reforge'] as const

describe.each(webui)('%s', (dialect) => {
  test('pictures come as plain base64 PNG, in the order of n_iter and batch, with seeds counting up', async () => {
    await using client = await started({ dialect })
    const { status, json } = await client.txt2img({ batch_size: 2, n_iter: 2 })
    expect(status).toBe(200)
    expect(json.images).toHaveLength(4)
    const info = JSON.parse(json.info)
    expect(info.all_seeds).toEqual([42, 43, 44, 45])
    expect(info.index_of_first_image).toBe(0)
    const second = await client.txt2img({ seed: 43 })
    expect(await pixelsOf(json.images[1])).toBe(await pixelsOf(second.json.images[0]))
  })

  test('with subseed_strength the seed stays and the subseed counts up', async () => {
    await using client = await started({ dialect })
    const { json } = await client.txt2img({ batch_size: 2, subseed: 7, subseed_strength: 0.2 })
    const info = JSON.parse(json.info)
    expect([info.all_seeds, info.all_subseeds]).toEqual([
      [42, 42],
      [7, 8],
    ])
  })

  test('save_images puts a grid first', async () => {
    await using client = await started({ dialect })
    const { json } = await client.txt2img({ batch_size: 2, save_images: true })
    const info = JSON.parse(json.info)
    expect(info.index_of_first_image).toBe(1)
    expect(json.images).toHaveLength(3)
    expect(info.infotexts).toHaveLength(3)
    expect(await Promise.all(json.images.map((one: string) => sizeOf(one)))).toEqual([
      'png 128x64',
      'png 64x64',
      'png 64x64',
    ])
    const without = await client.txt2img({ batch_size: 2 })
    expect(without.json.images).toHaveLength(2)
  })

  test('sizes are rounded down to 8, and info keeps the number that was asked for', async () => {
    await using client = await started({ dialect })
    const { json } = await client.txt2img({ width: 100, height: 70 })
    expect(await sizeOf(json.images[0])).toBe('png 96x64')
    expect(JSON.parse(json.info)).toMatchObject({ width: 100, height: 70 })
  })

  test('steps are 50 when none are sent, the sampler is Euler', async () => {
    await using client = await started({ dialect })
    const { json } = await client.post('/sdapi/v1/txt2img', { prompt: 'a', width: 64, height: 64 })
    expect(JSON.parse(json.info)).toMatchObject({ steps: 50, sampler_name: 'Euler', cfg_scale: 7 })
    expect(json.parameters).toMatchObject({ steps: 50, n_iter: 1, enable_hr: false })
  })

  test.each([
    [{ hr_scale: 1.5 }, 'png 96x96'],
    [{ hr_scale: 1.6 }, 'png 96x96'],
    [{ hr_resize_x: 128 }, 'png 128x128'],
    [{ hr_resize_y: 100 }, 'png 96x96'],
    [{ hr_resize_x: 128, hr_resize_y: 96, hr_scale: 4 }, 'png 128x96'],
  ])('the second pass with %j gives %s', async (hires, size) => {
    await using client = await started({ dialect })
    const modules = dialect === 'forge' ? { hr_additional_modules: ['Use same choices'] } : {}
    const { json } = await client.txt2img({ enable_hr: true, ...modules, ...hires })
    expect(await sizeOf(json.images[0])).toBe(size)
    expect(JSON.parse(json.info)).toMatchObject({ width: 64, height: 64 })
  })

  test('enable_hr sent to img2img is dropped without a word', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(64, 64)]
    const { status, json, headers } = await client.img2img({ init_images, enable_hr: true })
    expect(status).toBe(200)
    expect(await sizeOf(json.images[0])).toBe('png 64x64')
    expect(headers['x-fake-ignored']).toBe('enable_hr')
  })

  test('the infotext is in the picture: tEXt for Latin-1, iTXt for the rest', async () => {
    await using client = await started({ dialect })
    for (const [prompt, chunk] of [
      ['a café', 'tEXt'],
      ['猫', 'iTXt'],
    ] as const) {
      const { json } = await client.txt2img({ prompt, negative_prompt: 'blurry' })
      const png = Buffer.from(json.images[0], 'base64')
      expect(png.includes(`${chunk}parameters`)).toBe(true)
      const { infotexts } = JSON.parse(json.info)
      expect(textsOf(png)['parameters']).toBe(infotexts[0])
      expect(infotexts[0]).toContain(
        `${prompt}\nNegative prompt: blurry\nSteps: 2, Sampler: Euler,`,
      )
    }
  })

  test('one picture is repeated for a batch, several are one, too many are a RuntimeError', async () => {
    await using client = await started({ dialect })
    const one = await drawn(64, 64)
    const repeated = await client.img2img({ init_images: [one], batch_size: 3 })
    expect(repeated.json.images).toHaveLength(3)
    const two = await client.img2img({ init_images: [one, one], batch_size: 2 })
    expect(two.json.images).toHaveLength(2)
    const many = await client.img2img({ init_images: [one, one, one], batch_size: 2 })
    expect(many.status).toBe(500)
    expect(many.text).toContain('bad number of images passed: 3')
  })

  test('init_images are not echoed unless asked for; the rest of the request is', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(64, 64)]
    const without = await client.img2img({ init_images })
    expect(without.json.parameters).toMatchObject({ init_images: null, mask: null })
    const alwayson_scripts = { controlnet: { args: [{ enabled: false, image: 'x'.repeat(2000) }] } }
    const echoed = await client.img2img({
      init_images,
      include_init_images: true,
      alwayson_scripts,
    })
    expect(echoed.json.parameters).toMatchObject({ init_images, alwayson_scripts })
  })

  test('a mask redraws what is white and leaves what is black', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(64, 64)]
    const white = await client.img2img({ init_images, mask: await drawn(64, 64, '#ffffff') })
    expect(await pixelsOf(white.json.images[0])).not.toBe(await pixelsOf(init_images[0]!))
    const inpaint_full_res = false
    const black = await client.img2img({
      init_images,
      mask: await drawn(64, 64, '#000000'),
      inpaint_full_res,
    })
    expect(await pixelsOf(black.json.images[0])).toBe(await pixelsOf(init_images[0]!))
  })

  test('a blank mask with the default inpaint_full_res redraws the whole picture', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(64, 64)]
    const mask = await drawn(64, 64, '#000000')
    const { json, headers } = await client.img2img({ init_images, mask })
    expect(await pixelsOf(json.images[0])).not.toBe(await pixelsOf(init_images[0]!))
    expect(headers['x-fake-ignored']).toBe('mask')
  })

  test('two options put the mask and a cut-out behind each picture: infotexts are fewer then', async () => {
    const both = { return_mask: true, return_mask_composite: true }
    await using client = await started({ dialect, settings: both })
    const half = await halfMask()
    const ask = { init_images: [await drawn(64, 64)], batch_size: 2, mask: half }
    const { images, info } = (await client.img2img(ask)).json
    expect(images).toHaveLength(6)
    expect(JSON.parse(info)).toMatchObject({ all_seeds: [42, 43], index_of_first_image: 0 })
    expect(JSON.parse(info).infotexts).toHaveLength(2)
    const [, mask, cut, second] = images.map((one: string) => Buffer.from(one, 'base64'))
    expect(await pixelsOf(images[1])).toBe(await pixelsOf(half))
    expect(textsOf(mask)).toEqual({})
    const alpha = await sharp(cut).extractChannel('alpha').raw().toBuffer()
    expect([alpha.at(0), alpha.at(-1)]).toEqual([0, 255])
    expect(textsOf(second)['parameters']).toContain('Seed: 43')

    const off = { return_mask: false, return_mask_composite: false }
    const overridden = await client.img2img({ ...ask, override_settings: off })
    expect(overridden.json.images).toHaveLength(2)
    const { mask: _mask, ...unmasked } = ask
    expect((await client.img2img(unmasked)).json.images).toHaveLength(2)
  })

  test('send_images: false leaves the list empty', async () => {
    await using client = await started({ dialect })
    expect((await client.txt2img({ send_images: false })).json.images).toEqual([])
  })

  test('an option that is not at its default outdoes a field of samplers', async () => {
    await using client = await started({ dialect: 'a1111', settings: { s_noise: 1.1 } })
    const plain = await client.txt2img({ s_noise: 1.02, s_churn: 2 })
    expect(plain.headers['x-fake-ignored']).toBe('s_noise')
    const override_settings = { s_noise: 1.02 }
    const held = await client.txt2img({ s_noise: 1.02, override_settings })
    expect(held.headers['x-fake-ignored']).toBeUndefined()
  })

  test('a prompt goes into a style as it is', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { json } = await client.txt2img({
      prompt: "a $$ sign, $& and $'",
      styles: ['watercolour'],
    })
    expect(JSON.parse(json.info).prompt).toBe("watercolour of a $$ sign, $& and $'")
  })

  test('styles are put into the prompt; a LoRA that is not there is ignored', async () => {
    await using client = await started({ dialect, loras: ['ink'] })
    const { json } = await client.txt2img({
      prompt: 'a cat <lora:nope:1> <lora:ink:1>',
      styles: ['watercolour'],
    })
    expect(JSON.parse(json.info).prompt).toBe('watercolour of a cat <lora:nope:1> <lora:ink:1>')
    expect(client.fake.ignored[0]!.fields).toEqual([
      { field: 'prompt', why: '<lora:nope:1>: no such LoRA on this server' },
    ])
  })
})

test.each([
  ['png', 'png'],
  ['jpg', 'jpeg'],
  ['jpeg', 'jpeg'],
  ['webp', 'webp'],
])('samples_format %s gives %s, with the infotext in it', async (samplesFormat, format) => {
  await using client = await started({ dialect: 'a1111', samplesFormat })
  const { json } = await client.txt2img({ prompt: 'a 猫' })
  expect(await sizeOf(json.images[0])).toBe(`${format} 64x64`)
  const read = await client.post('/sdapi/v1/png-info', { image: json.images[0] })
  expect(read.json.info).toBe(JSON.parse(json.info).infotexts[0])
})

test('an unknown samples_format fails after the work is done', async () => {
  await using client = await started({ dialect: 'reforge', samplesFormat: 'avif' })
  const { status, json } = await client.txt2img({})
  expect(status).toBe(500)
  expect(json).toMatchObject({ error: 'HTTPException', detail: 'Invalid image format' })
  expect(client.fake.state.finished).toBe(1)
})

test('samples_format cannot be overridden for one request, unless it is not restored', async () => {
  await using client = await started({ dialect: 'a1111' })
  const override_settings = { samples_format: 'webp' }
  const { json } = await client.txt2img({ override_settings })
  expect(await sizeOf(json.images[0])).toBe('png 64x64')
  const kept = await client.txt2img({
    override_settings,
    override_settings_restore_afterwards: false,
  })
  expect(await sizeOf(kept.json.images[0])).toBe('webp 64x64')
})

test('without tiny pictures the sketch renderer draws at full size, and finds faces in the pixels', async () => {
  await using client = await started({ dialect: 'a1111', tinyPictures: false })
  const { json } = await client.txt2img({
    prompt: 'portrait photo of a woman',
    width: 256,
    height: 256,
    steps: 10,
  })
  expect(await sizeOf(json.images[0])).toBe('png 256x256')
})

test('the numbers of infotext are written as Python writes them', async () => {
  await using client = await started({ dialect: 'a1111' })
  const { json } = await client.txt2img({ cfg_scale: 7 })
  expect(JSON.parse(json.info).infotexts[0]).toContain('CFG scale: 7.0,')
})

test('firstphase_width takes the place of the size, even without enable_hr', async () => {
  await using client = await started({ dialect: 'a1111' })
  const { json } = await client.txt2img({ firstphase_width: 128, firstphase_height: 96 })
  expect(await sizeOf(json.images[0])).toBe('png 128x96')
})

/** White in its lower half. */
async function halfMask(): Promise<string> {
  const raw = Buffer.from(Array.from({ length: 64 * 64 }, (_, i) => (i < 64 * 32 ? 0 : 255)))
  const mask = sharp(raw, { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('srgb')
  return (await mask.png().toBuffer()).toString('base64')
}
