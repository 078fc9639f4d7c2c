import type { PipelinePlan, StagePlan } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { type CallSample, estimate } from '../src/index.js'
import { stagePlan } from './kept-runs.js'

const plan = (...stages: Partial<StagePlan>[]): PipelinePlan => ({
  stages: stages.map((one) => stagePlan(one)),
  reprocess: false,
})

const sample = (ms: number, over: Partial<CallSample> = {}): CallSample => ({
  stage: 'txt2img',
  operation: 'txt2img',
  merged: '',
  model: 'base',
  ms,
  settled: 0,
  pixels: 512 * 512,
  steps: 20,
  ...over,
})

const small = [{ count: 1, width: 512, height: 512 }]
const txt2img = { config: { model: 'base', steps: 20 }, output: small }

describe('how long a run takes', () => {
  test('is the median of earlier calls, for each call that the plan makes', () => {
    const past = [1000, 9000, 1200].map((ms) => sample(ms))
    expect(
      estimate(plan({ ...txt2img, calls: 3, output: [{ ...small[0]!, count: 3 }] }), past),
    ).toEqual({
      ms: 3600,
      stages: [{ name: 'txt2img', ms: 3600, from: 3 }],
      missing: [],
    })
  })

  test('grows with pixels and steps, where both are known', () => {
    const large = { ...txt2img, output: [{ count: 1, width: 1024, height: 1024 }] }
    expect(estimate(plan(large), [sample(1000)])?.ms).toBe(4000)
    const long = { ...txt2img, config: { model: 'base', steps: 30 } }
    expect(estimate(plan(long), [sample(1000)])?.ms).toBe(1500)
    expect(estimate(plan(long), [sample(1000, { steps: null, pixels: null })])?.ms).toBe(1000)
    const unknown = { ...txt2img, output: [] }
    expect(estimate(plan(unknown), [sample(1000)])?.ms).toBe(1000)
  })

  test('counts the pictures of a batch into its one call', () => {
    const batch = { ...txt2img, output: [{ count: 4, width: 512, height: 512 }] }
    expect(estimate(plan(batch), [sample(1000)])?.ms).toBe(4000)
  })

  test('counts a call for each unit where a picture takes several', () => {
    const detail = { name: 'adetailer', operation: 'detail', config: {}, generates: false }
    const units = { ...detail, calls: 4, output: [{ count: 2, width: 512, height: 512 }] }
    const past = [
      sample(300, { stage: 'adetailer', operation: 'detail', steps: null, model: null }),
    ]
    expect(estimate(plan(units), past)?.ms).toBe(1200)
  })

  test('prefers the same model, then the same stage, then the same operation', () => {
    const other = sample(5000, { model: 'other' })
    expect(estimate(plan(txt2img), [other, sample(1000)])?.stages).toMatchObject([
      { ms: 1000, from: 1 },
    ])
    expect(estimate(plan(txt2img), [other])?.ms).toBe(5000)
    const again = { ...txt2img, name: 'restyle' }
    expect(estimate(plan(again), [other, sample(1000)])?.ms).toBe(1000)
  })

  test('leaves out calls that may have loaded a model, where there are others', () => {
    const loading = [9000, 9100, 9200].map((ms) => sample(ms))
    const settled = sample(1000, { settled: 1 })
    expect(estimate(plan(txt2img), [...loading, settled])?.stages).toMatchObject([
      { ms: 1000, from: 1 },
    ])
    expect(estimate(plan(txt2img), loading)?.ms).toBe(9100)
  })

  test('takes a call with a merged pass for another call, with the pictures it ends with', () => {
    const merged = {
      name: 'refiner',
      generates: false,
      calls: 0,
      execution: { kind: 'merged' as const, into: ['txt2img'] },
      output: [{ count: 1, width: 1024, height: 1024 }],
    }
    const both = plan(txt2img, merged)
    expect(estimate(both, [sample(1000)])).toBeUndefined()
    const past = [sample(1000), sample(8000, { merged: 'refiner', pixels: 2 * 1024 * 1024 })]
    expect(estimate(both, past)).toEqual({
      ms: 4000,
      stages: [{ name: 'txt2img', ms: 4000, from: 1 }],
      missing: [],
    })
  })

  test('names the stages of which nothing is known', () => {
    const upscale = { name: 'upscale', operation: 'upscale', generates: false, output: small }
    const off = { name: 'adetailer', operation: 'detail', enabled: false }
    const local = { name: 'acme_sharpen', calls: 0, generates: false, output: small }
    const { operation: _, ...byItself } = stagePlan(local)
    const stages = plan(txt2img, upscale, off).stages.concat(byItself)
    const past = [sample(1000), sample(50, { stage: 'acme_blur', operation: '' })]
    expect(estimate({ stages, reprocess: false }, past)).toMatchObject({
      ms: 1000,
      missing: ['upscale', 'acme_sharpen'],
    })
    const known = [...past, sample(70, { stage: 'acme_sharpen', operation: '', steps: null })]
    expect(estimate({ stages, reprocess: false }, known)).toMatchObject({
      ms: 1070,
      missing: ['upscale'],
    })
    expect(estimate({ stages, reprocess: false }, [])).toBeUndefined()
  })

  test('uses the newest hundred calls', () => {
    const newest = Array.from({ length: 100 }, () => sample(1000))
    const old = Array.from({ length: 300 }, () => sample(9000))
    expect(estimate(plan(txt2img), [...newest, ...old])?.stages).toMatchObject([
      { ms: 1000, from: 100 },
    ])
  })
})
