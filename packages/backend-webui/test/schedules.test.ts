import { createPipeline } from '@stagewright/core'
import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { txt2img } from '@stagewright/stage-txt2img'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { webui, type WebuiBackend } from '../src/index.js'

let fake: FakeWebui
let backend: WebuiBackend
beforeAll(async () => {
  fake = await startFakeWebui({ dialect: 'sdnext', samplesFormat: 'png', tinyPictures: true })
  backend = webui({ url: fake.url, pollInterval: 5 })
})
beforeEach(() => fake.reset())
afterAll(async () => {
  await backend[Symbol.asyncDispose]()
  await fake.close()
})

const words = { prompt: 'a harbour', seed: 7, steps: 2, sampler_name: 'DPM++ 2M' }

function run(config: object) {
  const pipeline = createPipeline({ backend, stages: [txt2img] })
  return pipeline.run({ ...words, txt2img: { width: 64, height: 64 }, ...config })
}

function generations(): unknown[] {
  return fake.requests.filter(({ path }) => path.endsWith('/txt2img')).map(({ body }) => body)
}

/** The schedule's fields of the one request that arrived. */
function sent(): unknown {
  const [body, ...others] = generations()
  expect(others).toEqual([])
  return Object.fromEntries(
    Object.entries(body as object).filter(([key]) => key.startsWith('schedule')),
  )
}

const none = {
  schedulers_sigma: 'default',
  schedulers_timestep_spacing: 'default',
  schedulers_beta_schedule: 'default',
}

describe('a schedule on SD.Next', () => {
  it.each([
    ['Automatic', {}],
    // The WebUI's name of it, where others have labels.
    ['automatic', {}],
    ['Karras', { schedulers_sigma: 'karras' }],
    ['Exponential', { schedulers_sigma: 'exponential' }],
    ['Beta', { schedulers_sigma: 'betas' }],
    ['Lambdas', { schedulers_sigma: 'lambdas' }],
    ['FlowMatch', { schedulers_sigma: 'flowmatch' }],
    ['Linspace', { schedulers_timestep_spacing: 'linspace' }],
    ['Leading', { schedulers_timestep_spacing: 'leading' }],
    ['Trailing', { schedulers_timestep_spacing: 'trailing' }],
    ['Linear', { schedulers_beta_schedule: 'linear' }],
    ['Scaled', { schedulers_beta_schedule: 'scaled' }],
    ['Cosine', { schedulers_beta_schedule: 'cosine' }],
    ['Sigmoid', { schedulers_beta_schedule: 'sigmoid' }],
    // The server's own words too.
    ['karras', { schedulers_sigma: 'karras' }],
    ['betas', { schedulers_sigma: 'betas' }],
  ])('%s goes to the field of its kind, and the server ignores nothing', async (name, own) => {
    await run({ scheduler: name })
    expect(sent()).toEqual({ ...none, ...own })
    expect(fake.ignored).toEqual([])
  })

  it('is one of those that describe() lists', async () => {
    const { resources } = await backend.describe()
    expect(resources?.['scheduler']).toEqual([
      'Automatic',
      'Karras',
      'Exponential',
      'Beta',
      'Lambdas',
      'FlowMatch',
      'Linspace',
      'Leading',
      'Trailing',
      'Linear',
      'Scaled',
      'Cosine',
      'Sigmoid',
    ])
  })

  it.each([
    ['Karas', 'Did you mean "Karras"?'],
    ['SGM Uniform', 'the backend has no scheduler "SGM Uniform"'],
  ])('that it does not have is refused before the first call: %s', async (scheduler, said) => {
    await expect(run({ scheduler })).rejects.toThrow(said)
    expect(generations()).toEqual([])
  })

  it('leaves the other kinds to override_settings, and not its own', async () => {
    const override_settings = { schedulers_timestep_spacing: 'trailing' }
    await run({ scheduler: 'Karras', override_settings })
    const { schedulers_timestep_spacing: _ours, ...others } = none
    expect(sent()).toEqual({ ...others, schedulers_sigma: 'karras' })
    expect(generations()).toMatchObject([{ override_settings }])
    await expect(run({ scheduler: 'Leading', override_settings })).rejects.toMatchObject({
      code: 'SW_WEBUI_OPTION_OWNED',
    })
  })

  it('is refused with the default sampler, which would keep its own', async () => {
    const refused = run({ scheduler: 'Karras', sampler_name: 'Default' })
    await expect(refused).rejects.toMatchObject({
      code: 'SW_PREFLIGHT_SETTING',
      hint: 'set scheduler: Automatic, or name a sampler',
    })
    await run({ scheduler: 'Automatic', sampler_name: 'Default' })
    expect(fake.ignored).toEqual([])
  })

  it('of the server’s own settings does not decide', async () => {
    const response = await fetch(`${fake.url}/sdapi/v1/options`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ schedulers_sigma: 'karras' }),
    })
    expect(response.status).toBe(200)
    await run({})
    expect(sent()).toEqual(none)
  })
})
