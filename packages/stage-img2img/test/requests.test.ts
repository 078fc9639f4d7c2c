import { FakePipeline, type GivenPictures, givenPictures } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

import { img2img } from '../src/index.js'
import { source } from './source.js'

const photo = { 'photo.png': { width: 640, height: 480 } }
const start = { init_images: ['photo.png'] }

describe('from pictures that are given', () => {
  test('every default of the WebUI’s page is sent, and nothing that was not set', async () => {
    const [request] = await requests({ img2img: start })
    expect(request).toEqual({
      prompt: 'a harbour',
      negative_prompt: '',
      sampler_name: 'DPM++ 2M',
      scheduler: 'Automatic',
      steps: 20,
      cfg_scale: 7,
      width: 640,
      height: 480,
      seed: 7,
      subseed: 0,
      subseed_strength: 0,
      batch_size: 1,
      denoising_strength: 0.75,
      resize_mode: 0,
      img2img_fix_steps: false,
      images: [expect.objectContaining({ width: 640, height: 480 })],
    })
  })

  test('it takes the shared size, seed and n_iter, being the first generating stage', async () => {
    const made = await requests({
      width: 320,
      height: 240,
      n_iter: 2,
      batch_size: 2,
      img2img: start,
    })
    expect(
      made.map(({ width, height, seed, batch_size }) => [width, height, seed, batch_size]),
    ).toEqual([
      [320, 240, 7, 2],
      [320, 240, 9, 2],
    ])
  })

  test('the size of a preset is no size that was asked for', async () => {
    const [request] = await requests({ preset: 'xl', img2img: start })
    expect(request).toMatchObject({ width: 640, height: 480, cfg_scale: 5 })
  })

  test('three pictures of three sizes are redrawn at their own, in order, with seeds of their own', async () => {
    const pictures = { folder: [spec(640, 480), spec(480, 640), spec(515, 389)] }
    const made = await requests({ img2img: { init_images: ['folder'] } }, pictures)
    expect(made.map(({ width, height, seed }) => [width, height, seed])).toEqual([
      [640, 480, 7],
      [480, 640, 8],
      [512, 384, 9],
    ])
  })

  test('pictures keep the name of their source', async () => {
    const fake = new FakePipeline({ stages: [img2img], pictures: photo })
    const { images } = await fake.run({ prompt: 'a harbour', img2img: start })
    expect(images.map(({ name }) => name)).toEqual(['photo.png'])
  })

  test.each([
    [{ resize_mode: 'crop' }, { resize_mode: 1 }],
    [{ resize_mode: 'latent' }, { resize_mode: 3 }],
    [{ resize_mode: 2 }, { resize_mode: 2 }],
    [{ image_cfg_scale: 1.5 }, { image_cfg_scale: 1.5 }],
    [{ initial_noise_multiplier: 0.9 }, { initial_noise_multiplier: 0.9 }],
    [{ sampler_name: 'DPM++ 2M Karras' }, { sampler_name: 'DPM++ 2M', scheduler: 'Karras' }],
    [{ tiling: true }, { tiling: true }],
  ] as const)('%j is sent as %j', async (section, expected) => {
    expect((await requests({ img2img: { ...start, ...section } }))[0]).toMatchObject(expected)
  })
})

describe('after another stage', () => {
  test('its seed is the picture’s own + 1, and its size the picture’s', async () => {
    const [request] = await chained({ sizes: [[640, 480]], seeds: [100] }, {})
    expect(request).toMatchObject({ seed: 101, width: 640, height: 480 })
  })

  test('the shared size, seed and n_iter belong to the stage before it', async () => {
    const shared = { width: 256, height: 256, seed: 3, n_iter: 4 }
    const made = await chained({ seeds: [100] }, {}, shared)
    expect(made.map(({ width, height, seed }) => [width, height, seed])).toEqual([[512, 512, 101]])
  })

  test('a call takes batch_size neighbours, and hands them on in order', async () => {
    const before = {
      sizes: [
        [512, 512],
        [512, 512],
        [512, 512],
      ],
      seeds: [100],
    }
    const fake = pipeline()
    const { images } = await fake.run({
      ...base,
      test_source: before as never,
      batch_size: 2,
      img2img: {},
    })
    const own = fake.calls.filter(({ stage }) => stage === 'img2img')
    expect(own.map(({ inputs, request }) => [inputs.length, request['seed']])).toEqual([
      [2, 101],
      [1, 103],
    ])
    expect(images.map(({ seed }) => seed)).toEqual([101, 102, 103])
  })

  test('variations of one seed stay variations: their subseeds go on', async () => {
    const before = {
      sizes: [
        [512, 512],
        [512, 512],
      ],
      seeds: [],
      subseed_strength: 0.3,
    }
    const made = await chained(before, { batch_size: 2 }, { subseed_strength: 0.3 })
    expect(made.map(({ seed, subseed, batch_size }) => [seed, subseed, batch_size])).toEqual([
      [1, 50, 2],
    ])
  })

  test('each variation that n_iter makes of a picture has another seed', async () => {
    const made = await chained({ seeds: [100] }, { n_iter: 3 })
    expect(made.map(({ seed }) => seed)).toEqual([101, 102, 103])
  })
})

describe('masks', () => {
  const mask = { ...photo, 'mask.png': { width: 640, height: 480, coverage: 0.4 } }

  test('a mask is sent with the page’s defaults, which are not those of the API', async () => {
    const [request] = await requests({ img2img: { ...start, mask: 'mask.png' } }, mask)
    expect(request).toMatchObject({
      mask: { width: 640, height: 480 },
      mask_blur: 4,
      inpainting_fill: 1,
      inpaint_full_res: false,
      inpaint_full_res_padding: 32,
      inpainting_mask_invert: 0,
    })
  })

  test.each([
    [{ inpainting_fill: 'nothing' }, { inpainting_fill: 3 }],
    [{ inpainting_fill: 0 }, { inpainting_fill: 0 }],
    [{ inpainting_mask_invert: true }, { inpainting_mask_invert: 1 }],
    [
      { mask_round: false, mask_blur: 8 },
      { mask_round: false, mask_blur: 8 },
    ],
  ] as const)('%j is sent as %j', async (section, expected) => {
    const [request] = await requests({ img2img: { ...start, mask: 'mask.png', ...section } }, mask)
    expect(request).toMatchObject(expected)
  })

  test('without a mask none of its fields is sent', async () => {
    const [request] = await requests({
      img2img: { ...start, mask_blur: 8, inpaint_full_res: true },
    })
    expect(Object.keys(request ?? {}).filter((key) => /mask|inpaint/.test(key))).toEqual([])
  })

  test('"only masked" works at width x height, and the picture keeps its size', async () => {
    const fake = new FakePipeline({ stages: [img2img], pictures: mask })
    const section = {
      ...start,
      mask: 'mask.png',
      inpaint_full_res: true,
      width: 1024,
      height: 1024,
    }
    const { images, warnings } = await fake.run({ prompt: 'a vase', img2img: section })
    expect(fake.calls[0]?.request).toMatchObject({ width: 1024, height: 1024 })
    expect(images.map(({ width, height }) => [width, height])).toEqual([[640, 480]])
    expect(warnings).toEqual([])
  })

  test('with one mask for each picture, each call carries that of its picture', async () => {
    const pictures = {
      folder: [spec(640, 480), spec(480, 640)],
      masks: [spec(640, 480), spec(480, 640)],
    }
    const made = await requests({ img2img: { init_images: ['folder'], mask: 'masks' } }, pictures)
    expect(made.map((request) => request['mask'])).toEqual([
      expect.objectContaining({ width: 640, height: 480 }),
      expect.objectContaining({ width: 480, height: 640 }),
    ])
  })
})

describe('a reprocess run', () => {
  test('img2img takes the given pictures', async () => {
    const fake = new FakePipeline({ stages: [img2img] })
    const images = givenPictures(spec(640, 480), spec(480, 640))
    await fake.reprocess(images, { prompt: 'a harbour', seed: 3, img2img: {} })
    expect(fake.calls.map(({ request: { seed, width } }) => [seed, width])).toEqual([
      [3, 640],
      [4, 480],
    ])
  })
})

const base = { prompt: 'a harbour' }

type Shared = Parameters<ReturnType<typeof pipeline>['run']>[0]

function pipeline(pictures: GivenPictures = {}) {
  return new FakePipeline({ stages: [source, img2img], pictures })
}

async function requests(config: Shared, pictures: GivenPictures = photo) {
  const fake = pipeline(pictures)
  await fake.run({ ...base, seed: 7, ...config })
  return fake.calls.map(({ request }) => request)
}

/** What img2img asks for, behind a stage that made pictures. */
async function chained(before: object, section: object, shared: object = {}) {
  const fake = pipeline()
  await fake.run({ ...base, ...shared, test_source: before, img2img: section })
  return fake.calls.filter(({ stage }) => stage === 'img2img').map(({ request }) => request)
}

function spec(width: number, height: number) {
  return { width, height }
}
