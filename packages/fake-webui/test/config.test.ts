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

test('a configuration is read from plain data', () => {
  const faults = [{ kind: 'oom', times: 'always', match: { stage: 'hires' } }]
  expect(
    parseFakeConfig({ dialect: 'forge', models: ['a.safetensors', { file: 'b.gguf' }], faults }),
  ).toEqual({
    dialect: 'forge',
    models: ['a.safetensors', { file: 'b.gguf' }],
    faults: [{ kind: 'oom', times: Infinity, match: { stage: 'hires' } }],
  })
})

test('all that is wrong is told at once, with its place', () => {
  const wrong = {
    dialect: 'a111',
    tinyPicture: true,
    latency: { scale: 'fast' },
    faults: [{ kind: 'oom', match: { stage: 'hirez' } }, {}],
  }
  let message = ''
  try {
    parseFakeConfig(wrong)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toContain('dialect must be one of a1111, forge')
  expect(message).toContain('tinyPicture is unknown')
  expect(message).toContain('latency.scale must be a number from 0, not "fast"')
  expect(message).toContain('faults[0].match.stage must be one of')
  expect(message).toContain('faults[1].kind is missing')
  expect(() => parseFakeConfig(null)).toThrow('the configuration must be a mapping, not null')
})

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
