import { type Capabilities, Hires, Refiner } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type CallFacts, callKeys } from '../src/index.js'

const capabilities: Capabilities = {
  operations: ['txt2img'],
  slots: ['hires', 'refiner'],
  grid: { multiple: 8, round: 'down' },
  resources: {},
  aliases: { checkpoint: { sd15: 'v1-5.safetensors' }, lora: { soft: 'soft_light_v2' } },
  identity: {
    dialect: 'a1111',
    version: '1.10.1',
    server: 'http://127.0.0.1:7860',
    options: { CLIP_stop_at_last_layers: 1 },
    hashes: { checkpoint: { 'v1-5.safetensors': 'aa' }, lora: { soft_light_v2: 'bb' } },
  },
}
const hires = Hires.with({
  hr_scale: 2,
  hr_resize_x: 0,
  hr_resize_y: 0,
  hr_upscaler: 'Latent',
  hr_second_pass_steps: 0,
  denoising_strength: 0.5,
})
const refiner = Refiner.with({
  refiner_checkpoint: 'xl.safetensors',
  refiner_switch_at: 0.8,
  refiner_switch_by: 'steps',
  refiner_pass: 'first',
})
const facts: CallFacts = {
  operation: 'txt2img',
  request: { prompt: 'a keeper <lora:soft:0.8>', model: 'v1-5.safetensors', seed: 7, steps: 20 },
  contributions: [{ ...hires, stage: 'refiner' } as typeof hires],
  versions: { refiner: '1' },
  backend: 'webui',
  capabilities,
  needs: [
    { kind: 'checkpoint', name: 'sd15', path: 'model' },
    { kind: 'lora', name: 'soft', path: 'prompt' },
  ],
}
const content = async ({ digest }: { readonly digest: string }) => digest
const keysOf = async (changed: Partial<CallFacts> = {}) =>
  (await callKeys({ ...facts, ...changed }, content)).keys
const firstKey = async (changed: Partial<CallFacts> = {}) => (await keysOf(changed))[0]
const identity = (changed: Partial<NonNullable<Capabilities['identity']>>) => ({
  capabilities: { ...capabilities, identity: { ...capabilities.identity, ...changed } },
})
const value = fc.oneof(fc.integer(), fc.double({ noNaN: true }), fc.string(), fc.boolean())
const request = fc.dictionary(fc.stringMatching(/^[a-t][a-z_]{0,9}$/), value, { maxKeys: 12 })

describe('calls that mean the same have one key', () => {
  test('whatever the order of their fields, and whether an absent one is written as undefined', () =>
    fc.assert(
      fc.asyncProperty(request, async (one) => {
        const turned = Object.fromEntries([...Object.entries(one).toReversed(), ['z', undefined]])
        expect(await firstKey({ request: turned })).toBe(await firstKey({ request: one }))
      }),
    ))

  test('whatever their unit is called, and by whichever name the model goes', async () => {
    const given = facts.request as object
    expect(await firstKey({ request: { ...given, unit: 'first' } })).toBe(await firstKey())
    expect(await firstKey({ request: { ...given, model: 'sd15' } })).toBe(await firstKey())
  })

  test('whatever the stage that contributes is called', async () => {
    const contributions = [{ ...hires, stage: 'second' } as typeof hires]
    expect(await firstKey({ contributions, versions: { second: '1' } })).toBe(await firstKey())
  })

  test('a call made before the server knew its hashes is found when it does', async () => {
    const [before] = await keysOf(identity({ hashes: {} }))
    expect((await keysOf()).at(-1)).toBe(before)
  })

  test('a call that names many files has two keys, and the hash of each', async () => {
    const names = Array.from({ length: 16 }, (_, i) => `style${i}`)
    const lora = Object.fromEntries(names.map((name) => [name, `hash of ${name}`]))
    const { keys, hashes } = await callKeys(
      {
        ...facts,
        ...identity({ hashes: { lora } }),
        request: { prompt: names.map((name) => `<lora:${name}:1>`).join(' ') },
        needs: names.map((name) => ({ kind: 'lora', name, path: 'prompt' })),
      },
      content,
    )
    expect(keys).toHaveLength(2)
    expect(Object.keys(hashes)).toHaveLength(16)
  })
})

describe('calls that differ have different keys', () => {
  test('in any one field', () =>
    fc.assert(
      fc.asyncProperty(request, fc.nat(), value, async (one, at, other) => {
        const names = Object.keys(one)
        const name = names[at % Math.max(1, names.length)] ?? 'added'
        // JSON has one zero.
        fc.pre(JSON.stringify(one[name]) !== JSON.stringify(other))
        const changed = { ...one, [name]: other }
        expect(await firstKey({ request: changed })).not.toBe(await firstKey({ request: one }))
      }),
    ))

  test.each([hires, refiner])('in any field of what is contributed to $slot', async (one) => {
    const key = await firstKey({ contributions: [one] })
    expect(key).not.toBe(await firstKey({ contributions: [] }))
    for (const [name, was] of Object.entries(one.value as object)) {
      const changed = { ...one, value: { ...(one.value as object), [name]: `not ${String(was)}` } }
      expect(await firstKey({ contributions: [changed] })).not.toBe(key)
    }
  })

  test.each([
    ['the version of a contributing stage', { versions: { refiner: '2' } }],
    ['the operation', { operation: 'img2img' }],
    ['the backend', { backend: 'sketch' }],
    ['the dialect', identity({ dialect: 'forge' })],
    ['the version of the server', identity({ version: '1.9.0' })],
    ['an option of the server', identity({ options: { CLIP_stop_at_last_layers: 2 } })],
    [
      'the hash of the model',
      identity({
        hashes: { ...capabilities.identity?.hashes, checkpoint: { 'v1-5.safetensors': 'ab' } },
      }),
    ],
    [
      'the hash of a LoRA that the prompt names by its alias',
      identity({ hashes: { ...capabilities.identity?.hashes, lora: { soft_light_v2: 'bc' } } }),
    ],
  ] as const)('by %s', async (_, changed) => {
    expect(await firstKey(changed as Partial<CallFacts>)).not.toBe(await firstKey())
  })

  test('by the server, where it does not know the hash', async () => {
    const here = await firstKey(identity({ hashes: {} }))
    expect(await firstKey(identity({ hashes: {}, server: 'http://127.0.0.1:7861' }))).not.toBe(here)
    expect(await firstKey(identity({ server: 'http://127.0.0.1:7861' }))).toBe(await firstKey())
  })
})
