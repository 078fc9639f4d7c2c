import { Hires, operation, Refiner, slot, Txt2Img } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import {
  answerErrors,
  connectionErrors,
  dialectNames,
  supportMarkdown,
  supportTable,
  webuiHandler,
  webuiSlot,
} from '../src/index.js'
import { lists } from './lists.js'
import { failing, stubServer } from './stub-server.js'

describe('detection', () => {
  it.each(dialectNames)('finds %s from what its API answers', async (dialect) => {
    const server = stubServer(dialect, { dialect: 'auto' })
    expect(await server.backend.describe()).toMatchObject({ dialect })
  })

  it('stops at the first answer that settles it', async () => {
    const server = stubServer('sdcpp', { dialect: 'auto' })
    await server.backend.describe()
    expect(server.reads[0]).toBe('/sdcpp/v1/capabilities')
    expect(server.reads).not.toContain('/sdapi/v1/version')
  })

  it('takes an AUTOMATIC1111 that lists no schedules for what it is', async () => {
    const reads = { '/sdapi/v1/schedulers': undefined }
    const server = stubServer('a1111', { dialect: 'auto', reads })
    expect((await server.backend.describe()).dialect).toBe('a1111')
  })

  it('happens once, while lists are read anew for each run', async () => {
    const server = stubServer('a1111', { dialect: 'auto' })
    await server.backend.describe()
    const first = server.reads.length
    await server.backend.describe()
    expect(server.reads.slice(first)).toHaveLength(13)
    expect(server.reads.filter((path) => path === '/openapi.json')).toHaveLength(1)
    const read = server.reads.length
    await server.txt2img()
    const more = server.reads.slice(read)
    expect(more).toEqual(['/sdapi/v1/progress?skip_current_image=true'])
  })

  it('is tried again after it failed', async () => {
    const server = stubServer('forge', { dialect: 'auto', down: 1 })
    await expect(server.backend.describe()).rejects.toThrow('down')
    expect((await server.backend.describe()).dialect).toBe('forge')
  })
})

describe('what a server describes', () => {
  it('is plain data, the same each time', async () => {
    for (const dialect of dialectNames) {
      const { backend } = stubServer(dialect)
      const first = await backend.describe()
      expect(JSON.parse(JSON.stringify(first))).toEqual(first)
      expect(await backend.describe()).toEqual(first)
    }
  })

  it('calls checkpoints by their files, and knows every other name of theirs', async () => {
    const { resources, aliases, current } = await stubServer('a1111').backend.describe()
    expect(resources['model']).toEqual([
      'base.safetensors',
      'sub/other.safetensors',
      'refiner.safetensors',
    ])
    const names = [
      'base',
      'a1a1a1a1a1',
      'a1'.repeat(32),
      'base [a1a1a1a1a1]',
      'base.safetensors [a1a1a1a1a1]',
    ]
    expect(names.map((name) => aliases?.['model']?.[name])).toEqual(
      Array(5).fill('base.safetensors'),
    )
    expect(aliases?.['model']).toMatchObject({
      sub_other: 'sub/other.safetensors',
      other: 'sub/other.safetensors',
    })
    expect(current).toEqual({ model: 'base.safetensors', vae: 'Automatic', clip_skip: 1 })
  })

  it('knows the file behind the name of an sd-server, and takes no made-up hash for one', async () => {
    const { aliases, current, identity } = await stubServer('sdcpp').backend.describe()
    expect(aliases?.['model']).toEqual({ 'tiny-sd15-random.safetensors': 'tiny-sd15-random' })
    expect(current).toEqual({ model: 'tiny-sd15-random' })
    expect(identity?.hashes).toEqual({ model: {} })
  })

  it('is not read from where a server tells its passwords', async () => {
    for (const dialect of dialectNames) {
      const server = stubServer(dialect, { dialect: 'auto' })
      await server.backend.describe()
      expect(server.reads.filter((path) => path.includes('cmd-flags'))).toEqual([])
    }
  })

  it('drops an alias that could mean two checkpoints', async () => {
    const reads = {
      '/sdapi/v1/sd-models': [
        { title: 'a/one.safetensors', model_name: 'a_one' },
        { title: 'b/one.safetensors', model_name: 'b_one' },
      ],
    }
    const { aliases } = await stubServer('a1111', { reads }).backend.describe()
    expect(aliases?.['model']).not.toHaveProperty('one')
  })

  it('has on Forge modules in place of VAEs, and fields that others have not', async () => {
    const { resources, current } = await stubServer('forge').backend.describe()
    expect(resources['vae']).toEqual(resources['module'])
    const distilled = ['distilled_cfg_scale', 'additional_modules']
    const pass = ['hr_cfg', 'hr_distilled_cfg', 'hr_additional_modules']
    expect(resources['field']).toEqual([...distilled, ...pass])
    expect(current?.additional_modules).toEqual(['ae.safetensors'])
    const reforge = await stubServer('reforge').backend.describe()
    expect(reforge.resources['field']).toEqual(['hr_cfg'])
    for (const dialect of ['a1111', 'sdnext', 'sdcpp'] as const)
      expect((await stubServer(dialect).backend.describe()).resources).not.toHaveProperty('field')
  })

  it('has on sd-server a grid of 64 upwards, seeds of 31 bits, and WebUI names as aliases', async () => {
    const described = await stubServer('sdcpp').backend.describe()
    expect(described).toMatchObject({
      operations: ['txt2img', 'img2img', 'upscale'],
      slots: ['hires'],
      grid: { multiple: 64, round: 'up' },
      maxSeed: 2 ** 31 - 1,
      current: { model: 'tiny-sd15-random' },
    })
    expect(described.aliases?.['sampler']).toMatchObject({ 'DPM++ 2M': 'dpm++2m' })
    expect(described.aliases?.['scheduler']).toMatchObject({ Karras: 'karras' })
    expect(described.resources).not.toHaveProperty('upscaler')
    expect(described.resources['hires_upscaler']).not.toContain('None')
  })

  it('tells hires upscalers as latent modes and upscalers, others as upscalers alone', async () => {
    const { resources } = await stubServer('a1111').backend.describe()
    expect(resources['hires_upscaler']).toEqual([
      'Latent',
      'Latent (bicubic)',
      'None',
      'Lanczos',
      'R-ESRGAN 4x+',
    ])
    expect(resources['upscaler']).toEqual(['None', 'Lanczos', 'R-ESRGAN 4x+'])
  })

  it('can resample here wherever pictures can be read here, and says what to do where not', async () => {
    const named = ['Lanczos', 'Bicubic', 'Bilinear', 'Nearest']
    for (const dialect of ['a1111', 'sdcpp'] as const) {
      const { resources } = await stubServer(dialect).backend.describe()
      expect(resources['client_upscaler']).toEqual(named)
    }
    const lossy = await stubServer('sdnext').backend.describe()
    expect(lossy.resources).not.toHaveProperty('client_upscaler')
    expect(lossy.remedies['client_upscaler']).toContain('samples_format to png')
    const toPicture = (bytes: Uint8Array) => Promise.resolve({ bytes })
    const able = await stubServer('sdnext', { toPicture, lenient: true }).backend.describe()
    expect(able.resources['client_upscaler']).toEqual(named)
  })

  it('warns of settings that change what comes back', async () => {
    const { notices } = await stubServer('sdnext').backend.describe()
    expect(notices).toEqual(['samples_format is "jpg": pictures between stages are lossy; set png'])
  })

  it('warns of what an operator has set, and not of what every server has', async () => {
    const { notices: stock } = await stubServer('a1111').backend.describe()
    const options = lists.a1111['/sdapi/v1/options'] as Readonly<Record<string, unknown>>
    const noticesWith = async (changed: Readonly<Record<string, unknown>>) => {
      const reads = { '/sdapi/v1/options': { ...options, ...changed } }
      const { notices } = await stubServer('a1111', { reads }).backend.describe()
      return notices.filter((one) => !stock.includes(one))
    }
    expect(await noticesWith({ api_enable_requests: true, ad_max_models: 2 })).toEqual([])
    expect(await noticesWith({ ad_max_models: 1 })).toEqual([
      'ad_max_models is 1: ADetailer leaves out every further unit of a request',
    ])
  })

  it.each(['a1111', 'forge', 'reforge'] as const)(
    'has on %s a version, if told',
    async (dialect) => {
      const path = '/internal/sysinfo'
      const told = stubServer(dialect, { reads: { [path]: { Version: 'v1.10.1' } } })
      expect(await told.backend.describe()).toMatchObject({ version: 'v1.10.1' })
      for (const said of [undefined, {}, 'v1', { Version: 1 }]) {
        const silent = stubServer(dialect, { reads: { [path]: said } })
        expect(await silent.backend.describe()).not.toHaveProperty('version')
      }
    },
  )

  it('has on sd-server the name that it writes for a version', async () => {
    expect((await stubServer('sdcpp').backend.describe()).version).toBe('stable-diffusion.cpp')
  })

  it('tells what to do about what is missing', async () => {
    const { remedies } = await stubServer('sdnext').backend.describe()
    expect(remedies['refiner']).toContain('disable refiner_enabled')
  })
})

describe('a plugin', () => {
  const Blur = operation<{ readonly radius: number }>('acme_blur')
  const Control = slot<readonly { module: string }[]>('acme_controlnet', [Txt2Img], (a, b) => [
    ...a,
    ...b,
  ])

  it('brings an operation that runs under the server’s lock', async () => {
    const handler = webuiHandler(Blur, async ({ radius }, ctx) => {
      const { images } = await ctx.generate('/acme/blur', { radius })
      return { images: images.map((bytes) => ctx.picture(bytes, { seed: 3 })) }
    })
    const server = stubServer('a1111', { handlers: [handler] })
    expect((await server.backend.describe()).operations).toContain('acme_blur')
    const { images } = await server.call(Blur, { radius: 2 })
    expect([images[0]?.seed, server.posts[0]?.path, server.sent()]).toEqual([
      3,
      '/acme/blur',
      { radius: 2 },
    ])
  })

  it('brings a slot whose encoder adds to the payload', async () => {
    const encoder = webuiSlot(Control, (units) => ({
      alwayson_scripts: { ControlNet: { args: units } },
    }))
    const server = stubServer('a1111', { slots: [encoder] })
    expect((await server.backend.describe()).slots).toContain('acme_controlnet')
    const contributions = [Control.with([{ module: 'canny' }]), Control.with([{ module: 'depth' }])]
    await server.txt2img({}, { contributions })
    expect(server.sent()['alwayson_scripts']).toEqual({
      ADetailer: { args: [false] },
      ControlNet: { args: [{ module: 'canny' }, { module: 'depth' }] },
    })
  })

  it('without its encoder is refused', async () => {
    const server = stubServer('a1111')
    const contributions = [Control.with([{ module: 'canny' }])]
    expect((await failing(server.txt2img({}, { contributions }))).code).toBe(
      'SW_BACKEND_UNSUPPORTED',
    )
  })
})

describe('a call', () => {
  it('foresees a model load when the model is another than the last', async () => {
    const server = stubServer('a1111')
    await server.txt2img({ model: 'base' })
    await server.txt2img({ model: 'base' })
    await server.txt2img({ model: 'other' })
    expect(server.posts.map(({ options }) => options.expectsLoad)).toEqual([true, false, true])
  })

  it('foresees no load after an upscale, which needs no model and leaves what is there', async () => {
    const server = stubServer('a1111')
    await server.txt2img({ model: 'base' })
    await server.extras()
    const { loads } = await server.txt2img({ model: 'base' })
    expect(server.posts.map(({ options }) => options.expectsLoad)).toEqual([true, false, false])
    expect(loads).toEqual([])
  })

  it('foresees that a refiner is loaded on its way, and the model again after it', async () => {
    const server = stubServer('a1111')
    const refiner = Refiner.with({
      refiner_checkpoint: 'refiner',
      refiner_switch_at: 0.8,
      refiner_switch_by: 'steps',
      refiner_pass: 'second',
    })
    await server.txt2img({ model: 'base' })
    await server.txt2img({ model: 'base' }, { contributions: [refiner] })
    await server.txt2img({ model: 'base' })
    await server.txt2img({ model: 'base' })
    const loads = server.posts.map(({ options: { expectsLoad, loadsBetween } }) => [
      expectsLoad,
      loadsBetween,
    ])
    expect(loads).toEqual([
      [true, false],
      [false, true],
      [true, false],
      [false, false],
    ])
  })

  it('tells how long a model took to load where one surely was loaded, by the name that aliases stand for', async () => {
    const server = stubServer('a1111', { reply: (_, __, nth) => ({ untilStep: 1000 + nth }) })
    const refined = (pass: 'first' | 'second') =>
      Refiner.with({
        refiner_checkpoint: 'refiner',
        refiner_switch_at: 0.8,
        refiner_switch_by: 'steps',
        refiner_pass: pass,
      })
    const hires = Hires.with({
      hr_upscaler: 'Lanczos',
      hr_scale: 2,
      hr_resize_x: 0,
      hr_resize_y: 0,
      hr_second_pass_steps: 0,
      denoising_strength: 0.5,
    })
    const loads = []
    for (const [model, ...contributions] of [
      ['base'],
      ['base'],
      ['other'],
      ['base.safetensors', refined('second')],
      ['base'],
      ['base', refined('second')],
      ['refiner'],
      ['base', hires, refined('first')],
      ['base'],
    ] as const)
      loads.push((await server.txt2img({ model }, { contributions })).loads)
    expect(loads).toEqual([
      // Of the first nobody knows: it may have been loaded before.
      undefined,
      [],
      [{ model: 'sub/other.safetensors', ms: 1002 }],
      [{ model: 'base.safetensors', ms: 1003 }],
      [{ model: 'base.safetensors', ms: 1004 }],
      [],
      // The refiner was what the call before ended with.
      undefined,
      [{ model: 'base.safetensors', ms: 1007 }],
      // And here it went back to the base.
      undefined,
    ])
    const unseen = stubServer('a1111')
    await unseen.txt2img({ model: 'base' })
    expect((await unseen.txt2img({ model: 'other' })).loads).toBeUndefined()
  })

  it('says while the server loads a model, and progress never falls', async () => {
    const told: [number, boolean][] = []
    const server = stubServer('a1111')
    await server.txt2img(
      {},
      { progress: (fraction, now) => void told.push([fraction, now?.loading === true]) },
    )
    const { onProgress } = server.posts[0]!.options
    told.length = 0
    for (const [fraction, loading] of [
      [0, true],
      [0, true],
      [0, false],
    ] as const)
      onProgress(fraction, { loading })
    expect(told).toEqual([
      [1, true],
      [1, false],
    ])
  })

  it.each([
    ['a1111', 'task', true],
    ['sdnext', 'global', true],
    ['sdcpp', 'none', false],
  ] as const)('is followed and stopped as %s allows', async (dialect, progress, interrupt) => {
    const server = stubServer(dialect)
    await server.txt2img()
    expect(server.posts[0]?.options).toMatchObject({ progress, interrupt })
    const { taskId } = server.posts[0]?.options ?? {}
    expect(server.posts[0]?.body['force_task_id']).toBe(taskId)
    expect(taskId === undefined).toBe(dialect !== 'a1111')
  })

  it('is refused when sd-server cannot hold one of its seeds', async () => {
    const server = stubServer('sdcpp')
    const error = await failing(server.txt2img({ seed: 2 ** 31 - 1, batch_size: 2 }))
    expect([error.code, server.posts.length]).toEqual(['SW_BACKEND_UNSUPPORTED', 0])
  })

  it.each([
    ['variation seeds', { subseed_strength: 0.1 }],
    ['more than 100 steps', { steps: 101 }],
    ['tiling', { tiling: true }],
    ['scripts', { script_name: 'x' }],
    ['override_settings', { override_settings: { eta: 1 } }],
  ] as const)('is refused when sd-server would ignore its %s', async (what, changes) => {
    const server = stubServer('sdcpp')
    const error = await failing(server.txt2img(changes))
    expect(error.message).toContain(what)
    expect(server.posts).toEqual([])
  })
})

describe('the errors of this package', () => {
  it('have codes of their own', () => {
    const codes = [...Object.keys(connectionErrors), ...Object.keys(answerErrors)]
    expect(codes).toEqual([...new Set(codes)])
    expect(codes.every((code) => code.startsWith('SW_WEBUI_'))).toBe(true)
  })
})

describe('the table of what servers can do', () => {
  it('says something of every dialect in every row, and what to do where it is no', () => {
    for (const { by } of supportTable)
      for (const dialect of dialectNames) {
        const { is, how } = by[dialect]
        expect(is === 'yes' || (how ?? '') !== '').toBe(true)
      }
  })

  it('becomes Markdown with numbered notes', () => {
    const text = supportMarkdown()
    expect(text.split('\n')[0]).toContain('AUTOMATIC1111')
    expect(text).toMatch(/^1\. /m)
  })
})
