import { createPipeline, type RunConfig } from '@stagewright/core'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { describe, expect, it } from 'vitest'

import { planSweep, type Pool, sweep } from '../../src/index.js'
import { failure, fakes, poolOf, prompts, servers } from './servers.js'

const plain: RunConfig = { prompt: 'x', width: 64, height: 64, steps: 1, txt2img: {} }

/** A run of each seed, all at once. */
function runs(on: Pool, config: RunConfig, count = 8): Promise<unknown> {
  const pipeline = createPipeline({ backend: on, stages: [txt2img, refiner] })
  const seeds = Array.from({ length: count }, (_, i) => i + 1)
  return Promise.all(seeds.map((seed) => pipeline.run({ ...plain, ...config, seed })))
}

const file = (name: string, digits: string) => ({
  models: [{ file: name, sha256: digits.repeat(32), hashed: true }],
})

const models = ['juggernaut.safetensors']

describe('a checkpoint that servers of a pool call by different names', () => {
  it.each([
    ['forge', 'sdcpp'],
    ['sdcpp', 'forge'],
    ['a1111', 'sdnext'],
    ['sdnext', 'sdcpp'],
    ['reforge', 'sdcpp'],
  ] as const)('is one: %s and %s share the work', async (one, other) => {
    const { a, b } = await fakes({ a: { dialect: one, models }, b: { dialect: other, models } })
    const both = poolOf({ a, b })
    const { resources, aliases } = await both.describe()
    expect(resources['model']).toHaveLength(1)
    for (const model of [undefined, 'juggernaut', 'juggernaut.safetensors'])
      await runs(both, model === undefined ? {} : { model }, 4)
    expect(Math.min(prompts(a).length, prompts(b).length)).toBeGreaterThan(2)
    const [name] = resources['model'] as string[]
    expect(aliases?.['model']?.[name as string]).toBeUndefined()
    const { a: onA, b: onB } = servers(both)
    expect([onA?.models, onB?.models]).toEqual([[name], [name]])
  })

  it('is one in another folder too: what is left unset is pinned by a name that both know', async () => {
    const { a, b } = await fakes({
      a: { models: ['sdxl/juggernaut.safetensors'] },
      b: { models: ['best/juggernaut.safetensors'] },
    })
    const both = poolOf({ a, b })
    const { current } = await both.describe()
    expect(current?.model).toBe('juggernaut')
    await runs(both, {})
    expect(Math.min(prompts(a).length, prompts(b).length)).toBeGreaterThan(2)
    expect(servers(both)).toMatchObject({ a: { loads: 0 }, b: { loads: 0 } })
  })

  it('is two where the files differ: only a name that is one file’s alone is taken', async () => {
    const { a, b } = await fakes({
      a: file('sdxl/juggernaut.safetensors', 'a1'),
      b: file('best/juggernaut.safetensors', 'b2'),
    })
    const both = poolOf({ a, b })
    const error = await failure(runs(both, { model: 'juggernaut' }, 1))
    expect(error.message).toBe(
      'model: the model "juggernaut" cannot be used: its file differs between the servers (a a1a1a1a1a1, b b2b2b2b2b2): rename one',
    )
    await runs(both, { model: 'best/juggernaut.safetensors' })
    expect([prompts(a).length, prompts(b).length]).toEqual([0, 8])
    // What is left unset is one of them, not either.
    await runs(both, {})
    expect(prompts(a).length === 8 || prompts(b).length === 16).toBe(true)
  })

  it('is known by the hash that any of them tells', async () => {
    const { a, b } = await fakes({
      a: { dialect: 'sdcpp', models },
      b: { dialect: 'a1111', ...file('juggernaut.safetensors', 'c3') },
    })
    const { identity, resources } = await poolOf({ a, b }).describe()
    const [name] = resources['model'] as string[]
    expect(identity?.hashes?.['model']?.[name as string]).toBe('c3'.repeat(32))
  })
})

describe('a sweep on servers that differ', () => {
  it.each([
    ['forge', 'a1111', ['a1111 v1.10.1, forge f2.0.1v1.10.1-previous-665-gae278f79']],
    ['forge', 'forge', []],
  ] as const)('notes that cells may differ by that: %s and %s', async (one, other, told) => {
    const { a, b } = await fakes({ a: { dialect: one }, b: { dialect: other } })
    const backend = poolOf({ a, b })
    const plan = await planSweep(sweep({ ...plain, seed: 1 }, { axes: { steps: [1, 2] } }), {
      backend,
      stages: [txt2img],
    })
    expect(plan.notes.map(({ message }) => /\((.*)\)/.exec(message)?.[1])).toEqual(told)
  })

  it('which have other settings, notes that too', async () => {
    const settings = { eta_noise_seed_delta: 31_337 }
    const { a, b } = await fakes({ a: {}, b: { settings } })
    const backend = poolOf({ a, b })
    const plan = await planSweep(sweep({ ...plain, seed: 1 }, { axes: { steps: [1, 2] } }), {
      backend,
      stages: [txt2img],
    })
    expect(plan.notes.map(({ message }) => message)).toEqual([
      expect.stringMatching(/servers differ \(forge f\S+ with different settings\): a seed need/),
    ])
  })
})

describe('a server that can make none of the calls that were planned', () => {
  it('says why, until one comes that it can make', async () => {
    const { a, b } = await fakes({ a: { models: ['one.ckpt'] }, b: { models: ['two.ckpt'] } })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img] })
    expect(servers(both)['b']?.unfit).toBeUndefined()
    await pipeline.plan({ ...plain, model: 'one.ckpt' })
    expect(servers(both)).toMatchObject({ b: { unfit: 'lacks model "one.ckpt"' } })
    expect(servers(both)['a']?.unfit).toBeUndefined()
    await pipeline.plan({ ...plain, model: 'two.ckpt' })
    expect(servers(both)['b']?.unfit).toBeUndefined()
  })

  it.each([
    [{ width: 72 }, 'rounds 72 px to 128'],
    [
      { refiner: { enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos' } },
      'rounds 96 px to 128',
    ],
    [{ seed: 2 ** 31 }, `takes no seed over ${2 ** 31 - 1}`],
  ])('for its sizes and seeds too: %o', async (config, reason) => {
    const { a, b } = await fakes({
      a: { dialect: 'a1111', models },
      b: { dialect: 'sdcpp', models },
    })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img, refiner] })
    await pipeline.plan({ ...plain, ...config })
    expect(servers(both)['b']?.unfit).toBe(reason)
  })

  it('ends a run before its first call where it is the only one that has the model', async () => {
    const { a, b } = await fakes({
      a: { dialect: 'a1111', models: ['other.ckpt'] },
      b: { dialect: 'sdcpp', models: ['mine.ckpt'] },
    })
    const both = poolOf({ a, b })
    const pipeline = createPipeline({ backend: both, stages: [txt2img] })
    const error = await failure(pipeline.run({ ...plain, model: 'mine.ckpt', width: 72 }))
    expect(error.message).toBe(
      'no server has all that one call of txt2img needs: a lacks model "mine.ckpt", b rounds 72 px to 128',
    )
    expect([...prompts(a), ...prompts(b)]).toEqual([])
  })
})
