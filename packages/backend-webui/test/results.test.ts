import { Img2Img } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import { dialectNames } from '../src/index.js'
import { png } from './pictures.js'
import { failing, picture, type Reply, sampling, stubServer } from './stub-server.js'

const info = (more: object): Reply => ({ body: { info: JSON.stringify(more) } })
const crash = (error: string, errors: string): Reply => ({
  status: 500,
  said: { error, detail: '', body: '', errors },
})

describe('what a server says of a generation', () => {
  it.each(dialectNames)(
    'is not needed: info may be empty, null or broken on %s',
    async (dialect) => {
      for (const told of ['', null, '{', '[]', undefined]) {
        const server = stubServer(dialect, { reply: () => ({ body: { info: told } }) })
        const { images, warnings } = await server.txt2img({ batch_size: 2 })
        expect(images.map(({ seed }) => seed)).toEqual([11, 12])
        expect(warnings).toEqual([])
      }
    },
  )

  it('gives the prompts that styles were applied to, and no styles to apply again', async () => {
    const told = { all_prompts: ['a red cube, photo'], all_negative_prompts: ['bad'] }
    const server = stubServer('a1111', { reply: () => info(told) })
    const { images } = await server.txt2img({ styles: ['photo'] })
    expect(images[0]?.settings).toMatchObject({
      prompt: 'a red cube, photo',
      negative_prompt: 'bad',
    })
    expect(images[0]?.settings).not.toHaveProperty('styles')
  })

  it('tells of another sampler, model or seed as a warning', async () => {
    const told = { sampler_name: 'DPM++ 2M', sd_model_name: 'other', all_seeds: [5] }
    const server = stubServer('a1111', { reply: () => info(told) })
    const { images, warnings } = await server.txt2img({ model: 'base' })
    expect(images[0]?.seed).toBe(5)
    expect(warnings).toEqual([
      'the sampler was DPM++ 2M, and Euler was asked for',
      'the model was other, and base.safetensors [a1a1a1a1a1] was asked for',
      'seed 5 was used, and 11 was asked for',
    ])
  })

  it('tells of another model where the infotext alone has it, as on SD.Next', async () => {
    const infotexts = ['a cube\nSteps: 20, Sampler: Euler, Seed: 11, Size: 64x64, Model: other']
    const server = stubServer('sdnext', { reply: () => info({ infotexts }) })
    const { warnings } = await server.txt2img({ model: 'base' })
    expect(warnings).toEqual([expect.stringMatching(/^the model was other, and base\b/)])
  })

  it('is compared by what a name means: sd-server says euler_a of "Euler a"', async () => {
    const told = { sampler_name: 'euler_a', sd_model_name: 'tiny-sd15-random.safetensors' }
    const server = stubServer('sdcpp', { reply: () => info(told) })
    const { warnings } = await server.txt2img({
      sampler_name: 'Euler a',
      model: 'tiny-sd15-random',
    })
    expect(warnings).toEqual([])
  })

  it('records the model that was left to the server', async () => {
    const server = stubServer('a1111', { reply: () => info({ sd_model_name: 'base' }) })
    const { images } = await server.txt2img()
    expect(images[0]?.settings?.model).toBe('base.safetensors')
  })

  it('is not trusted for sizes: the decoded size counts', async () => {
    const small = png({ width: 56, height: 64 })
    const server = stubServer('a1111', {
      reply: () => ({ images: [small], body: { info: '{"width":64,"height":64}' } }),
    })
    const { images, warnings } = await server.txt2img()
    expect([images[0]?.width, warnings]).toEqual([
      56,
      ['a picture is 56x64, and 64x64 was asked for'],
    ])
  })
})

describe('the pictures of an answer', () => {
  const [a, b] = [
    png({ width: 64, height: 64 }),
    png({ width: 64, height: 64, pixel: () => [1, 2, 3] }),
  ]
  const grid = png({ width: 128, height: 64 })

  it('come without the grid before them and the maps behind them', async () => {
    const reply: Reply = {
      images: [grid, a, b, grid],
      ...info({ index_of_first_image: 1, all_seeds: [11, 12] }),
    }
    const server = stubServer('forge', { reply: () => reply })
    const { images } = await server.txt2img({ batch_size: 2 })
    expect(images.map(({ width, seed }) => [width, seed])).toEqual([
      [64, 11],
      [64, 12],
    ])
  })

  it('keep their seeds where one of them is missing', async () => {
    const server = stubServer('a1111', { reply: () => ({ images: [null, b] }) })
    const { images } = await server.txt2img({ batch_size: 2 })
    expect(images.map(({ seed }) => seed)).toEqual([12])
  })

  it.each([
    ['sdnext', 'ran out of memory'],
    ['sdcpp', 'could not allocate'],
    ['a1111', 'interrupted before'],
  ] as const)('are an error when there are none, on %s', async (dialect, means) => {
    const server = stubServer(dialect, { reply: () => ({ images: [] }) })
    const error = await failing(server.txt2img())
    expect(error.code).toBe('SW_WEBUI_NO_RESULT')
    expect(error.message).toContain(means)
  })

  it('are an error when they are none', async () => {
    const server = stubServer('a1111', { reply: () => ({ images: [new Uint8Array([1, 2, 3])] }) })
    expect((await failing(server.txt2img())).code).toBe('SW_WEBUI_NOT_A_PICTURE')
  })

  it('of an interrupted job are no result, though the answer is 200', async () => {
    const reads = {
      '/sdapi/v1/progress?skip_current_image=true': { state: { interrupted: true, job_count: 0 } },
    }
    const server = stubServer('a1111', { reads })
    expect((await failing(server.txt2img())).code).toBe('SW_WEBUI_INTERRUPTED')
  })

  it('are taken when the interrupted job is another one that already runs', async () => {
    const reads = {
      '/sdapi/v1/progress?skip_current_image=true': { state: { interrupted: true, job_count: 1 } },
    }
    expect((await stubServer('a1111', { reads }).txt2img()).images).toHaveLength(1)
  })

  it('that were made before a later part failed are kept', async () => {
    const server = stubServer('sdcpp', {
      reply: (_, __, nth) => (nth === 0 ? {} : crash('server_error', 'no')),
    })
    const { images, warnings } = await server.txt2img({ batch_size: 9 })
    expect(images).toHaveLength(8)
    expect(warnings?.[0]).toContain('only 8 of 9 pictures')
  })
})

describe('a refusal', () => {
  const cases: [string, Parameters<typeof stubServer>[0], Reply][] = [
    [
      'SW_WEBUI_OUT_OF_MEMORY',
      'a1111',
      crash('OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2 GiB'),
    ],
    [
      'SW_WEBUI_OUT_OF_MEMORY',
      'forge',
      { status: 500, said: { error: 'OutOfMemoryError', message: 'CUDA out of memory.' } },
    ],
    [
      'SW_WEBUI_OUT_OF_MEMORY',
      'sdcpp',
      { status: 500, said: { error: 'generate_image returned no results' } },
    ],
    ['SW_WEBUI_NAN', 'a1111', crash('NansException', 'A tensor with all NaNs was produced')],
    [
      'SW_WEBUI_MODEL_NOT_FOUND',
      'a1111',
      crash('Exception', 'Could not find checkpoint with name x'),
    ],
    [
      'SW_WEBUI_SAMPLER_NOT_FOUND',
      'sdnext',
      { status: 404, said: { error: 'HTTPException', code: 404, detail: 'Sampler not found' } },
    ],
    ['SW_WEBUI_SAMPLER_NOT_FOUND', 'a1111', crash('AssertionError', 'bad sampler name: Eular')],
    [
      'SW_WEBUI_UPSCALER_NOT_FOUND',
      'a1111',
      crash('AssertionError', 'could not find upscaler named X'),
    ],
    ['SW_WEBUI_SCRIPT_REFUSED', 'forge', { status: 422, said: { detail: "Script 'x' not found" } }],
    [
      'SW_WEBUI_SCRIPT_REFUSED',
      'sdnext',
      { status: 422, said: { detail: 'Always on script not found: ADetailer' } },
    ],
    [
      'SW_WEBUI_FIELD_REFUSED',
      'a1111',
      {
        status: 422,
        said: { detail: [{ loc: ['body', 'steps'], msg: 'value is not a valid integer' }] },
      },
    ],
    [
      'SW_WEBUI_FIELD_REFUSED',
      'forge',
      {
        status: 422,
        said: {
          detail: [{ type: 'int_parsing', loc: ['body', 'steps'], msg: 'Input should be…' }],
        },
      },
    ],
    ['SW_WEBUI_FIELD_REFUSED', 'sdcpp', { status: 400, said: { error: 'invalid params' } }],
    [
      'SW_WEBUI_LORA_NOT_FOUND',
      'sdcpp',
      { status: 400, said: { error: 'invalid lora path: nope.safetensors' } },
    ],
    [
      'SW_WEBUI_PICTURE_REFUSED',
      'a1111',
      { status: 404, said: { detail: 'Init image not found' } },
    ],
    ['SW_WEBUI_SERVER_FAILED', 'a1111', crash('KeyError', "'x'")],
  ]

  it.each(cases)('is %s on %s, told once and not repeated', async (code, dialect, reply) => {
    const server = stubServer(dialect, { reply: () => reply })
    const error = await failing(server.txt2img())
    expect([error.code, server.posts.length, error.hint === '']).toEqual([code, 1, false])
  })

  it('for want of memory names the lever', async () => {
    const server = stubServer('a1111', {
      reply: () => crash('OutOfMemoryError', 'CUDA out of memory'),
    })
    const error = await failing(server.txt2img({ batch_size: 4 }))
    expect(error.hint).toContain('batch_size 4 → 1 keeps the seeds')
  })
})

describe('onOom: halve_batch', () => {
  const starving = (most: number) => (body: Readonly<Record<string, unknown>>) =>
    Number(body['batch_size']) > most ? crash('OutOfMemoryError', 'CUDA out of memory') : {}

  it('makes the same seeds in smaller calls, and says so', async () => {
    const server = stubServer('a1111', { onOom: 'halve_batch', reply: starving(1) })
    const { images, warnings } = await server.txt2img({ batch_size: 4 })
    expect(images.map(({ seed }) => seed)).toEqual([11, 12, 13, 14])
    expect(server.posts.map(({ body }) => [body['batch_size'], body['seed']])).toEqual([
      [4, 11],
      [2, 11],
      [1, 11],
      [1, 12],
      [2, 13],
      [1, 13],
      [1, 14],
    ])
    expect(warnings?.[0]).toContain('out of memory with batch_size 4')
  })

  it('gives each picture of a group its own seed', async () => {
    const images = [picture(), picture({ filter: 1 })]
    const server = stubServer('a1111', { onOom: 'halve_batch', reply: starving(1) })
    await server.call(Img2Img, {
      ...sampling,
      images,
      batch_size: 2,
      denoising_strength: 0.5,
      resize_mode: 0,
      img2img_fix_steps: false,
    })
    expect(server.posts.slice(1).map(({ body }) => body['seed'])).toEqual([11, 12])
  })

  it('is not done unless asked for', async () => {
    const server = stubServer('a1111', { reply: starving(1) })
    expect((await failing(server.txt2img({ batch_size: 2 }))).code).toBe('SW_WEBUI_OUT_OF_MEMORY')
    expect(server.posts).toHaveLength(1)
  })
})
