import { Hires } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { source } from '../src/contract/stage-subject.js'
import {
  assertAdetailerLast,
  assertChained,
  assertNoCalls,
  assertNoKey,
  assertRequest,
  assertSlot,
  assertStageOrder,
  assertTerminalLast,
  FakePipeline,
  type RecordedCall,
} from '../src/index.js'
import { Tint, tint } from './reference-stage.js'

async function travelled() {
  const fake = new FakePipeline({
    stages: [source, tint],
    operations: [Tint],
    resources: { lut: 'any' },
  })
  const result = await fake.run({ contract_source: {}, acme_tint: { lut: 'warm' } })
  return { fake, result }
}

describe('assertions say what they found', () => {
  test('assertStageOrder', async () => {
    const { result } = await travelled()
    assertStageOrder(result, ['contract_source', 'acme_tint'])
    assertStageOrder(result.plan, ['contract_source', 'acme_tint'])
    expect(() => assertStageOrder(result, ['acme_tint', 'contract_source'])).toThrow(/the order/)
  })

  test('assertTerminalLast, also under the specification’s name', async () => {
    const { result } = await travelled()
    assertTerminalLast(result)
    const [first, second] = result.plan.stages
    const stages = [{ ...first, terminal: true }, second] as typeof result.plan.stages
    expect(() => assertAdetailerLast({ ...result.plan, stages })).toThrow(
      /contract_source is terminal, but stands at 1 of 2/,
    )
  })

  test('assertChained, on calls and on a result', async () => {
    const { fake, result } = await travelled()
    assertChained(fake.calls)
    assertChained(result)
    const [made, one, two, three] = fake.calls as [
      RecordedCall,
      RecordedCall,
      RecordedCall,
      RecordedCall,
    ]
    const wrong = /acme_tint works on what contract_source made/
    expect(() => assertChained([made, two, one, three])).toThrow(wrong)
    expect(() => assertChained([made, one, two])).toThrow(wrong)
    expect(() => assertChained([made, one, two, { ...three, inputs: one.inputs }])).toThrow(wrong)
  })

  test('assertRequest', async () => {
    const { fake } = await travelled()
    assertRequest(fake.calls[1], { lut: 'warm', image: fake.calls[0]?.outputs[0] })
    expect(() => assertRequest(fake.calls[1], { lut: 'cold' })).toThrow(
      /the request of acme_tint \(acme_tint\)/,
    )
    expect(() => assertRequest(fake.calls[1], { lot: 'warm' })).toThrow(/the request/)
    expect(() => assertRequest(fake.calls[9], { lut: 'warm' })).toThrow(/no call, but one with/)
  })

  test('assertSlot', async () => {
    const { fake } = await travelled()
    expect(() => assertSlot(fake.calls[0], Hires)).toThrow(
      /does not carry "hires" \(it carries nothing\)/,
    )
    const carrying = {
      ...(fake.calls[0] as RecordedCall),
      contributions: [Hires.with({ hr_scale: 2 } as never)],
    }
    assertSlot(carrying, Hires, { hr_scale: 2 })
    expect(() => assertSlot(carrying, Hires, { hr_scale: 3 })).toThrow(/the slot "hires"/)
  })

  test('assertNoCalls and assertNoKey', async () => {
    const { fake } = await travelled()
    expect(() => assertNoCalls(fake)).toThrow(/contract_source \(txt2img\)/)
    assertNoKey(fake.calls, /refiner/)
    expect(() => assertNoKey(fake.calls, /^lut$/)).toThrow(/request\.lut/)
    expect(() => assertNoKey({ a: [{ refiner_model: '' }] }, /refiner/)).toThrow(
      /a\.0\.refiner_model/,
    )
  })
})
