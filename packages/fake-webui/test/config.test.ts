import { expect, test } from 'vitest'

import * as api from '../src/index.js'
import { manualClock, parseFakeConfig, startFakeWebui } from '../src/index.js'

test('the package exports what it says, and nothing else', () => {
  expect(Object.keys(api).toSorted()).toEqual([
    'dialectNames',
    'fakeExtension',
    'manualClock',
    'parseFakeConfig',
    'startFakeWebui',
  ])
})

test('a configuration is read from plain data: its keys are in snake_case, and the options in camelCase', () => {
  const faults = [{ kind: 'oom', times: 'always', match: { stage: 'hires' } }]
  expect(
    parseFakeConfig({
      dialect: 'forge',
      models: ['a.safetensors', { file: 'b.gguf' }],
      faults,
      tiny_pictures: true,
      vram_megapixels: 2,
      latency: { model_load: 3 },
      settings: { CLIP_stop_at_last_layers: 2, someOption: 1 },
    }),
  ).toEqual({
    dialect: 'forge',
    models: ['a.safetensors', { file: 'b.gguf' }],
    faults: [{ kind: 'oom', times: Infinity, match: { stage: 'hires' } }],
    tinyPictures: true,
    vramMegapixels: 2,
    latency: { modelLoad: 3 },
    settings: { CLIP_stop_at_last_layers: 2, someOption: 1 },
  })
})

test('all that is wrong is told at once, with its place and the nearest key', () => {
  const message = refusalOf({
    dialect: 'a111',
    tinyPictures: true,
    samples_fromat: 'png',
    latency: { scale: 'fast', modelLoad: 1 },
    faults: [{ kind: 'oom', match: { stage: 'hirez' } }, {}],
    qqqqqq: 1,
  })
  expect(message).toContain('dialect must be one of a1111, forge')
  expect(message).toContain('tinyPictures is not a known key: write tiny_pictures, or remove')
  expect(message).toContain('samples_fromat is not a known key: write samples_format, or remove')
  expect(message).toContain('latency.modelLoad is not a known key: write model_load, or remove')
  expect(message).toContain('qqqqqq is not a known key: known here: dialect, port, host, auth, api')
  expect(message).toContain('latency.scale must be a number from 0, not "fast"')
  expect(message).toContain('faults[0].match.stage must be one of')
  expect(message).toContain('faults[1].kind is missing')
  expect(() => parseFakeConfig(null)).toThrow('the configuration must be a mapping, not null')
})

function refusalOf(config: unknown): string {
  try {
    parseFakeConfig(config)
  } catch (error) {
    return (error as TypeError).message
  }
  return 'taken'
}

test('an unknown dialect is a TypeError', async () => {
  await expect(startFakeWebui({ dialect: 'comfy' as 'forge' })).rejects.toThrow(TypeError)
})

test('a port that is taken is an error', async () => {
  await using fake = await startFakeWebui({ dialect: 'a1111' })
  const port = Number(new URL(fake.url).port)
  await expect(startFakeWebui({ dialect: 'a1111', port })).rejects.toThrow('EADDRINUSE')
})

test('it listens on the loopback interface', async () => {
  await using fake = await startFakeWebui({ dialect: 'a1111' })
  expect(new URL(fake.url).hostname).toBe('127.0.0.1')
})

test('a manual clock wakes sleepers in order, and those whose signal is aborted at once', async () => {
  const clock = manualClock(1000)
  const woken: string[] = []
  const late = clock.sleep(20).then(() => woken.push(`late at ${String(clock.now())}`))
  const early = clock.sleep(10).then(() => woken.push(`early at ${String(clock.now())}`))
  const stop = new AbortController()
  const never = clock.sleep(1e9, stop.signal).then(() => woken.push('aborted'))
  await clock.advance(50)
  stop.abort()
  await Promise.all([late, early, never])
  expect(woken).toEqual(['early at 1010', 'late at 1020', 'aborted'])
  expect(clock.now()).toBe(1050)
})
