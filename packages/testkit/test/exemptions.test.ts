import { describe, expect, test } from 'vitest'

import { journeys, journeySuite, stageContract } from '../src/index.js'
import { collect } from './collect.js'
import { tint, tintSubject } from './reference-stage.js'

describe('exemptions', () => {
  test('stay visible with their reason, and keep the clause from running', async () => {
    const report = await collect((runner) =>
      stageContract(runner, {
        ...tintSubject,
        stage: { ...tint },
        exempt: { 'stage/definition/valid': 'it is made by hand here' },
      }),
    )
    expect(report.exempt).toEqual(['stage/definition/valid'])
    expect(report.failed).toEqual([])
  })

  test('must name a clause, and give a reason', () => {
    const runner = { describe: () => undefined, it: () => undefined }
    const exempting = (exempt: Record<string, string>) => () =>
      stageContract(runner, { ...tintSubject, exempt })
    expect(exempting({ 'stage/magic': 'no' })).toThrow(/"stage\/magic", which is no clause/)
    expect(exempting({ 'stage/abort': ' ' })).toThrow(/gives no reason/)
  })

  test('hold for journeys too', () => {
    const titles: string[] = []
    const runner = {
      describe: (_: string, body: () => void) => body(),
      it: (title: string) => titles.push(title),
    }
    const stages = { txt2img: tint, img2img: tint, refiner: tint, upscale: tint, adetailer: tint }
    journeySuite(runner, { stages, exempt: { 't+r': 'this server has no refiner' } })
    expect(titles).toHaveLength(journeys.length)
    expect(titles).toContain('t+r: exempt, because this server has no refiner')
  })
})

test('every journey has an id of its own', () => {
  expect(new Set(journeys.map(({ id }) => id)).size).toBe(journeys.length)
})
