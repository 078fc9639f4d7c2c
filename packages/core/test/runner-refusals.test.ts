import {
  buildPipelinePlan,
  coreCapabilities,
  createPipeline,
  type SettingLimit,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { refusedSettings } from '../src/run/setting-limits.js'
import { recordingBackend } from './recording-backend.js'
import { failure, stages, three } from './runs.js'

describe('what can be refused', () => {
  const refuses = async (config: unknown, capabilities = {}) => {
    const backend = recordingBackend({ capabilities })
    const error = await failure(createPipeline({ backend, stages }).run(config as never))
    expect(backend.calls).toEqual([])
    return error
  }

  test('is refused before the first call: config, plan, names, operations, seeds', async () => {
    expect((await refuses({ draw: {} })).code).toBe('SW_CONFIG_MISSING')
    expect((await refuses({ prompt: 'x' })).code).toBe('SW_PLAN_NO_GENERATING_STAGE')
    expect(
      (
        await refuses(
          { ...three, model: 'sd_xl' },
          { resources: { model: ['sd_xl_base', 'anything_v5'] } },
        )
      ).message,
    ).toBe('model: the backend has no model "sd_xl". Did you mean "sd_xl_base"?')
    expect(
      (await refuses({ ...three, draw: { model: 'sd_xl' } }, { resources: {} })).message,
    ).toContain('draw.model: "sd_xl" is a model')
    expect((await refuses({ ...three, grow: {} }, { operations: ['txt2img'] })).code).toBe(
      'SW_PREFLIGHT_NO_OPERATION',
    )
    expect((await refuses({ ...three, seed: 2 ** 31 }, { maxSeed: 2 ** 31 - 1 })).code).toBe(
      'SW_PREFLIGHT_SEED_RANGE',
    )
    const last = await refuses({ ...three, seed: 2 ** 31 - 2 }, { maxSeed: 2 ** 31 - 1 })
    expect(last.message).toContain('is 2147483646, and counts up to 2147483648')
  })

  test('tells of settings that the backend cannot have, each with its reason and remedy', async () => {
    const limit = { on: ['txt2img'], reason: 'it makes at most 2', remedy: 'use n_iter: 2' }
    const settings = [{ ...limit, field: 'n_iter', most: 2 }]
    const error = await refuses({ ...three, redraw: {} }, { settings })
    expect([error.code, error.message, error.hint]).toEqual([
      'SW_PREFLIGHT_SETTING',
      'draw.n_iter: it makes at most 2',
      'use n_iter: 2',
    ])
    const [plan] = buildPipelinePlan(three, stages).stages
    const refused = (more: Partial<SettingLimit>) =>
      refusedSettings(
        {
          ...plan!,
          config: {
            units: [
              { a: 1, b: 'x' },
              { a: 2, b: 'y' },
            ],
          },
        },
        { ...coreCapabilities, settings: [{ ...limit, field: 'units[].a', ...more }] },
        'it',
      ).map(({ details }) => details['path'])
    expect(refused({ only: [1] })).toEqual(['draw.units[1].a'])
    expect(refused({ only: [] })).toEqual(['draw.units[0].a', 'draw.units[1].a'])
    expect(refused({ only: [], beside: { b: 'x' } })).toEqual(['draw.units[0].a'])
    expect(refused({ least: 2 })).toEqual(['draw.units[0].a'])
    expect(refused({ only: [], on: ['upscale'] })).toEqual([])
    expect(refused({ only: [], field: 'none' })).toEqual([])
  })

  test('comes with the backend’s own reason and remedy, where it gives one', async () => {
    const remedies = {
      upscale: 'start the server with an upscaler',
      model: 'give the server a checkpoint',
    }
    expect(
      (await refuses({ ...three, grow: {} }, { operations: ['txt2img'], remedies })).hint,
    ).toBe(remedies.upscale)
    expect((await refuses({ ...three, model: 'x' }, { resources: {}, remedies })).hint).toBe(
      remedies.model,
    )
    expect(
      (
        await refuses(
          { ...three, enlarge: { on: true } },
          { slots: [], remedies: { hires: 'use img2img' } },
        )
      ).hint,
    ).toBe('use img2img')
    expect(
      (await refuses({ ...three, model: 'x' }, { refused: { model: { x: 'it is locked' } } }))
        .message,
    ).toBe('model: the model "x" cannot be used: it is locked')
  })

  test.each(['constructor', 'toString', '__proto__'])(
    'takes a file called %s for one like any other',
    async (model) => {
      const known = { aliases: { model: {} }, refused: { model: {} } }
      const { code } = await refuses(
        { ...three, model },
        { ...known, resources: { model: ['sd'] } },
      )
      expect(code).toBe('SW_PREFLIGHT_UNKNOWN_NAME')
    },
  )

  test('passes with a warning when names are to be lenient; a missing operation never does', async () => {
    const run = (capabilities: object, config: object) =>
      createPipeline({ backend: recordingBackend({ capabilities }), stages, lenient: true }).run(
        config as never,
      )
    const unknown = { resources: { model: ['sd'] } }
    expect((await run(unknown, { ...three, model: 'mine' })).warnings).toEqual([
      'model: the backend has no model "mine". (SW_PREFLIGHT_UNKNOWN_NAME)',
    ])
    expect((await failure(run({ operations: ['txt2img'] }, { ...three, grow: {} }))).code).toBe(
      'SW_PREFLIGHT_NO_OPERATION',
    )
    const exact = { ...unknown, exact: ['model'], remedies: { model: 'load it first' } }
    const { code, hint } = await failure(run(exact, { ...three, model: 'mine' }))
    expect([code, hint]).toEqual(['SW_PREFLIGHT_UNKNOWN_NAME', 'it has: sd; load it first'])
  })

  test('takes a name in other letters where the backend compares without regard to case', async () => {
    const capabilities = { resources: { model: ['SD XL'] }, anyCase: ['model'] }
    const backend = recordingBackend({ capabilities })
    await expect(
      createPipeline({ backend, stages }).run({ ...three, model: 'sd xl' }),
    ).resolves.toMatchObject({ status: 'done' })
    await refuses({ ...three, model: 'sd xl' }, { resources: { model: ['SD XL'] } })
  })

  test('takes an alias that the backend tells', async () => {
    const backend = recordingBackend({
      capabilities: {
        resources: { model: ['base.safetensors [1a2b]'] },
        aliases: { model: { base: 'base.safetensors [1a2b]' } },
      },
    })
    await expect(
      createPipeline({ backend, stages }).run({ ...three, model: 'base' }),
    ).resolves.toMatchObject({ status: 'done' })
  })

  test('comes with the reason when the backend does not describe itself', async () => {
    const backend = {
      ...recordingBackend(),
      describe: () => Promise.reject(new Error('ECONNREFUSED')),
    }
    expect(await failure(createPipeline({ backend, stages }).run(three))).toMatchObject({
      code: 'SW_PREFLIGHT_DESCRIBE',
      kind: 'backend',
    })
  })

  test('names the place of a picture that nothing can open', async () => {
    expect((await refuses({ prompt: 'x', redraw: { init: 'a.png' } })).message).toContain(
      'redraw.init names "a.png"',
    )
  })
})
