import type { StageResult } from '@stagewright/core'
import { stageImage } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { progressOn } from '../src/progress/progress.js'
import { TimeLeft } from '../src/progress/time-left.js'
import { photo } from './support.js'

describe('progress', () => {
  test('elsewhere than on a terminal a stage is a line where it begins and one where it ends', async () => {
    expect(await shown({})).toEqual([
      'txt2img + refiner …\n',
      '! txt2img: a warning\n',
      'txt2img + refiner  done in 1.5 s · 1 of 32x16\n',
    ])
  })

  test('on a terminal a bar grows in place, and no line is wider than the window', async () => {
    const texts = await shown({ isTTY: true, columns: 40 })
    const bars = texts.filter((text) => text.includes('░') || text.includes('█'))
    expect(bars.map((text) => text.split('█').length - 1)).toEqual([0, 7])
    expect(texts.every((text) => text.startsWith('\r\u001B[2K'))).toBe(true)
    for (const bar of bars) expect(bar.length - 5).toBeLessThan(40)
  })

  test('the bar says while a model is being loaded', async () => {
    const texts = await shown({ isTTY: true, columns: 80 }, { fraction: 0, loading: true })
    expect(texts.filter((text) => text.includes('loads a model'))).toEqual([
      expect.stringMatching(/ 0 %, loads a model$/),
    ])
  })

  test('a terminal that does not know its width gets the usual one', async () => {
    const bars = (await shown({ isTTY: true, columns: 0 })).filter((text) => text.includes('░'))
    for (const bar of bars) expect(bar).toMatch(/%$/)
  })
})

test('the bar tells the time left from what stages took before, and never more than it told', async () => {
  const known = { ms: 90_000, missing: [] }
  const stages = [
    { name: 'txt2img', ms: 60_000, from: 3 },
    { name: 'upscale', ms: 30_000, from: 3 },
  ]
  const left = new TimeLeft(() => Promise.resolve({ ...known, stages }))
  const plan = { stages: [], reprocess: false }
  left.observer({ type: 'run-started', plan } as never)
  expect(left.at('txt2img', 0)).toBeUndefined()
  await Promise.resolve()
  await Promise.resolve()
  expect([0, 0.5, 0.25].map((fraction) => left.at('txt2img', fraction))).toEqual([
    90_000, 60_000, 60_000,
  ])
  left.observer({ type: 'stage-finished', stage: 'txt2img' } as never)
  const texts: string[] = []
  const observe = progressOn({ isTTY: true, columns: 80, write: (text) => texts.push(text) }, left)
  observe({ type: 'stage-started', stage: 'upscale', images: [], mergedWith: [] })
  observe({ type: 'stage-progress', stage: 'upscale', fraction: 0.5 })
  expect(texts.map((text) => text.split(', ')[1])).toEqual(['30 s left', '15 s left'])
})

test('nothing is told while a stage is not known', async () => {
  const stages = [{ name: 'txt2img', ms: 60_000, from: 3 }]
  const left = new TimeLeft(() => Promise.resolve({ ms: 60_000, stages, missing: ['upscale'] }))
  left.observer({ type: 'run-started', plan: { stages: [], reprocess: false } } as never)
  await Promise.resolve()
  await Promise.resolve()
  expect(left.at('txt2img', 0.5)).toBeUndefined()
})

/** What is written while a merged pair of stages runs. */
async function shown(
  output: { readonly isTTY?: boolean; readonly columns?: number },
  progress: { readonly fraction: number; readonly loading?: true } = { fraction: 0.5 },
) {
  const texts: string[] = []
  const observe = progressOn({ ...output, write: (text) => texts.push(text) })
  const [small, large] = [await photo(16, 8), await photo(32, 16)].map((bytes) => stageImage(bytes))
  const host = { outcome: 'done', ms: 1500, calls: [], summary: [] } as const
  const first = { ...host, name: 'txt2img', images: [small], mergedInto: [] }
  const merged = { ...host, name: 'refiner', images: [large], mergedInto: ['txt2img'] }
  const events = [
    { type: 'stage-started', stage: 'txt2img', images: [], mergedWith: ['refiner'] },
    { type: 'stage-progress', stage: 'txt2img', ...progress },
    { type: 'warning', stage: 'txt2img', message: 'a warning' },
    { type: 'stage-finished', stage: 'txt2img', result: first as unknown as StageResult },
    { type: 'stage-finished', stage: 'refiner', result: merged as unknown as StageResult },
  ] as const
  for (const event of events) observe(event)
  return texts
}
