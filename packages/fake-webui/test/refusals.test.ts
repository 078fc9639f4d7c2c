import { describe, expect, test } from 'vitest'

import { drawn, started } from './client.js'

const old = ['a1111', 'reforge'] as const
const python = ['a1111', 'forge', 'reforge', 'sdnext'] as const

describe('a request that does not fit its schema', () => {
  test.each(old)('%s answers in the shape of pydantic 1', async (dialect) => {
    await using client = await started({ dialect })
    const { status, json } = await client.txt2img({ steps: 'many' })
    expect({ status, json }).toEqual({
      status: 422,
      json: {
        detail: [
          {
            loc: ['body', 'steps'],
            msg: 'value is not a valid integer',
            type: 'type_error.integer',
          },
        ],
      },
    })
  })

  test.each(['forge', 'sdnext'] as const)(
    '%s answers in the shape of pydantic 2',
    async (dialect) => {
      await using client = await started({ dialect })
      const { status, json } = await client.txt2img({ steps: 'many' })
      expect(status).toBe(422)
      expect(json.detail).toEqual([
        {
          type: 'int_parsing',
          loc: ['body', 'steps'],
          msg: 'Input should be a valid integer, unable to parse string as an integer',
          input: 'many',
          url: 'https://errors.pydantic.dev/2.8/v/int_parsing',
        },
      ])
    },
  )

  test.each(python)('%s answers 422 to bad JSON, with a list', async (dialect) => {
    await using client = await started({ dialect })
    const { status, json } = await client.raw('POST', '/sdapi/v1/txt2img', '{"prompt": ')
    expect(status).toBe(422)
    expect(json.detail).toHaveLength(1)
  })

  test('limits of the extras are checked', async () => {
    await using client = await started({ dialect: 'forge' })
    const { status, json } = await client.post('/sdapi/v1/extra-single-image', {
      image: 'x',
      resize_mode: 2,
      upscaling_resize: 0,
    })
    expect(status).toBe(422)
    expect(json.detail.map(({ type }: { type: string }) => type)).toEqual([
      'literal_error',
      'greater_than',
    ])
  })

  test('a script that is not there is 422 with a string as detail', async () => {
    for (const dialect of ['a1111', 'forge', 'reforge'] as const) {
      await using client = await started({ dialect })
      const { status, json } = await client.txt2img({ alwayson_scripts: { nope: { args: [] } } })
      expect(status).toBe(422)
      expect(json.detail).toBe("Script 'nope' not found")
    }
    await using next = await started({ dialect: 'sdnext' })
    const { status, json } = await next.txt2img({ alwayson_scripts: { ADetailer: { args: [] } } })
    expect(status).toBe(422)
    expect(json.detail).toBe('Always on script not found: ADetailer')
  })

  test('a script that is chosen by name cannot be always on', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { status, json } = await client.img2img({
      init_images: [await drawn(64, 64)],
      alwayson_scripts: { 'sd upscale': { args: [] } },
    })
    expect(status).toBe(422)
    expect(json.detail).toContain('selectable script')
  })
})

describe('null', () => {
  test.each(['a1111', 'forge', 'reforge'] as const)(
    '%s takes it, and fails in the work',
    async (dialect) => {
      await using client = await started({ dialect })
      const { status, json } = await client.txt2img({ width: null })
      expect(status).toBe(500)
      expect(json.error).toBe('TypeError')
      expect((await client.txt2img({ sampler_name: null, styles: null })).status).toBe(200)
    },
  )
})

describe('errors of the server', () => {
  test.each([
    ['a1111', { error: 'KeyError', detail: '', body: '', errors: "'nope'" }],
    ['reforge', { error: 'KeyError', detail: '', body: '', errors: "'nope'" }],
    ['forge', { error: 'KeyError', detail: '', body: '', message: "'nope'" }],
  ] as const)('%s: an unknown key of override_settings', async (dialect, body) => {
    await using client = await started({ dialect })
    const { status, json } = await client.txt2img({ override_settings: { nope: 1 } })
    expect({ status, json }).toEqual({ status: 500, json: body })
  })

  test.each([
    [
      'a1111',
      { error: 'HTTPException', detail: 'Init image not found', body: '', errors: '' },
      404,
    ],
    ['forge', { detail: 'Init image not found' }, 404],
    [
      'reforge',
      { error: 'HTTPException', detail: 'Init image not found', body: '', errors: '' },
      404,
    ],
    ['sdnext', { error: 'Init image is none' }, 400],
  ] as const)('%s: img2img without a picture', async (dialect, body, status) => {
    await using client = await started({ dialect })
    const answer = await client.img2img({})
    expect({ status: answer.status, json: answer.json }).toEqual({ status, json: body })
  })

  test.each([
    ['aGVsbG8=', 'Invalid encoded image'],
    ['https://example.org/a.png', 'Request to local resource not allowed'],
  ])('a picture that is %s', async (picture, detail) => {
    await using client = await started({ dialect: 'a1111' })
    const { status, json } = await client.img2img({ init_images: [picture] })
    expect({ status, detail: json.detail }).toEqual({ status: 500, detail })
  })

  test('a data URL with more than one parameter breaks it', async () => {
    await using client = await started({ dialect: 'a1111' })
    const base64 = await drawn(64, 64)
    const good = await client.img2img({ init_images: [`data:image/png;base64,${base64}`] })
    expect(good.status).toBe(200)
    const bad = await client.img2img({
      init_images: [`data:image/png;charset=utf-8;base64,${base64}`],
    })
    expect(bad.json.error).toBe('IndexError')
  })

  test.each([
    [{ hr_upscaler: 'Nope' }, 'could not find upscaler named Nope'],
    [{ hr_sampler_name: 'Use same sampler' }, 'bad sampler name: Use same sampler'],
    [{ hr_checkpoint_name: 'nope' }, 'Could not find checkpoint with name nope'],
    [{ refiner_checkpoint: 'nope' }, 'Could not find checkpoint with name nope'],
  ])('a second pass with %j', async (body, message) => {
    await using client = await started({ dialect: 'a1111' })
    const { status, json } = await client.txt2img({ enable_hr: true, ...body })
    expect({ status, errors: json.errors }).toEqual({ status: 500, errors: message })
  })

  test('Forge without hr_additional_modules raises a TypeError', async () => {
    await using client = await started({ dialect: 'forge' })
    const { status, json } = await client.txt2img({ enable_hr: true })
    expect({ status, error: json.error }).toEqual({ status: 500, error: 'TypeError' })
    const modules = ['Use same choices']
    const good = await client.txt2img({ enable_hr: true, hr_additional_modules: modules })
    expect(good.status).toBe(200)
  })

  test('out of memory, by the limit of megapixels', async () => {
    await using a = await started({ dialect: 'a1111', vramMegapixels: 0.01 })
    expect((await a.txt2img({ batch_size: 2 })).status).toBe(200)
    const oom = await a.txt2img({ batch_size: 3 })
    expect(oom.json).toMatchObject({ error: 'OutOfMemoryError' })
    expect(oom.json.errors).toContain('CUDA out of memory')
    expect((await a.txt2img({})).status).toBe(200)
    await using n = await started({ dialect: 'sdnext', vramMegapixels: 0.001 })
    const empty = await n.txt2img({})
    expect(empty).toMatchObject({ status: 200, json: { images: [], info: '' } })
    expect(n.fake.state.interrupted).toBe(true)
  })
})

describe('routes', () => {
  test.each(python)('%s: 404 for what is not there, 405 for a wrong method', async (dialect) => {
    await using client = await started({ dialect })
    const none = await client.get('/sdapi/v1/nope')
    expect({ status: none.status, json: none.json }).toEqual({
      status: 404,
      json: { detail: 'Not Found' },
    })
    const wrong = await client.get('/sdapi/v1/txt2img')
    expect(wrong.status).toBe(405)
    expect(wrong.json.detail).toBe('Method Not Allowed')
    expect(wrong.headers['allow']).toBe('POST')
  })

  test('without --api everything of the API is 404, what extensions add is not', async () => {
    await using client = await started({ dialect: 'a1111', apiEnabled: false })
    expect((await client.get('/sdapi/v1/options')).json).toEqual({ detail: 'Not Found' })
    expect((await client.get('/adetailer/v1/version')).status).toBe(200)
  })

  test('with --nowebui there is no /internal', async () => {
    await using client = await started({ dialect: 'a1111', ui: false })
    expect((await client.get('/internal/ping')).status).toBe(404)
    expect((await client.get('/openapi.json')).status).toBe(200)
  })

  test('a password is wanted by the API, not by what extensions and the page add', async () => {
    const auth = 'ann:secret,bob:other'
    for (const dialect of python) {
      await using client = await started({ dialect, auth })
      const bare = await client.get('/sdapi/v1/options')
      expect(bare.status).toBe(401)
      expect(bare.headers['www-authenticate'] !== undefined).toBe(
        dialect === 'forge' || dialect === 'sdnext',
      )
      const basic = (text: string): Record<string, string> => ({
        authorization: `Basic ${Buffer.from(text).toString('base64')}`,
      })
      expect((await client.get('/sdapi/v1/options', basic('bob:other'))).status).toBe(200)
      expect((await client.get('/sdapi/v1/options', basic('bob:wrong'))).status).toBe(401)
      expect((await client.get('/sdapi/v1/loras')).status).toBe(200)
      expect(JSON.stringify(client.fake.requests)).not.toContain(
        basic('bob:other')['authorization'],
      )
    }
  })

  test('cmd-flags tell the password', async () => {
    await using client = await started({ dialect: 'a1111', auth: 'ann:secret' })
    const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`
    const { json } = await client.get('/sdapi/v1/cmd-flags', { authorization })
    expect(json.api_auth).toBe('ann:secret')
  })

  test('routes that stop the server are not there without --api-server-stop', async () => {
    await using client = await started({ dialect: 'forge' })
    for (const name of ['server-kill', 'server-restart', 'server-stop']) {
      const { status, json } = await client.post(`/sdapi/v1/${name}`)
      expect([status, json]).toEqual([404, { detail: 'Not Found' }])
    }
  })

  test('a route of which nothing is known answers 501 and names it', async () => {
    await using client = await started({ dialect: 'a1111' })
    const { status, text } = await client.post('/sdapi/v1/interrogate', { image: '' })
    expect(status).toBe(501)
    expect(text).toContain('POST /sdapi/v1/interrogate')
  })
})
