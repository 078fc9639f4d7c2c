import { readFile } from 'node:fs/promises'

import { isPipelineError, jsonSchemaOf, runFileSchema, type Stage } from '@stagewright/core'
import { sweep, sweepSchema } from '@stagewright/scheduler'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const stages: readonly Stage[] = [txt2img, img2img, refiner, upscale, adetailer]
const plain = runFileSchema(stages)
const schema = { ...plain, properties: { ...plain.properties, sweep: sweepSchema(stages) } }
const valid = new Ajv2020({ strict: false, allErrors: true }).compile(schema)

/** Where a run file is refused, and why. */
function wrong(file: unknown): string[] {
  if (valid(file)) return []
  return (valid.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, params['additionalProperty']].filter(Boolean).join(' '),
  )
}

function read(yaml: string): unknown {
  return parse(`prompt: a cat\ntxt2img: {}\nrefiner: {}\n${yaml}`)
}

describe('the JSON Schema of run files', () => {
  test.each(['portrait', 'classic', 'restyle', 'inpaint', 'flux-forge', 'products'])(
    'takes examples/%s.yaml',
    async (name) => {
      const file: unknown = parse(
        await readFile(new URL(`../examples/${name}.yaml`, import.meta.url), 'utf8'),
      )
      expect(wrong(file)).toEqual([])
    },
  )

  test.each([
    'sweep: { axes: { seed: 1..8, refiner.hr_scale: [1.5, 2], cfg_scale: 2..4 step 0.5 } }',
    'sweep: { axes: { seed: [1..4, 9], prompt:CAT: [a dog, a cow], txt2img.enabled: [true, false] } }',
    'sweep: { zip: { model: [a, b], steps: [20, 8] }, where: steps > 1, limit: 3, share: true }',
    'sweep: { list: [{ steps: 8, model: a }, { "adetailer.units[0].ad_model": face }], x: steps, y: model }',
    'sweep: { axes: { styles: [[photo], []] }, wildcards: wildcards/, where: [seed < 3] }',
    'sweep: { axes: { seed: 1 }, wildcards: { from: w, draw: per_cell } }',
    'sweep: { axes: { override_settings.eta: [0, 1] }, wildcards: off_the_shelf }',
  ])('takes what a sweep takes: %s', (yaml) => {
    const file = read(yaml) as { readonly sweep: Parameters<typeof sweep>[1] }
    expect(wrong(file)).toEqual([])
    expect(() => sweep({ prompt: 'a cat' }, file.sweep)).not.toThrow()
  })

  test.each([
    ['sweep: { axs: { seed: 1 } }', '/sweep must NOT have additional properties axs'],
    ['sweep: { axes: { sed: 1..4 } }', '/sweep/axes must NOT have additional properties sed'],
    [
      'sweep: { axes: { refiner.hr_scal: [1, 2] } }',
      '/sweep/axes must NOT have additional properties refiner.hr_scal',
    ],
    ['sweep: { axes: { steps: [] } }', '/sweep/axes/steps must NOT have fewer than 1 items'],
    ['sweep: { axes: { steps: [20, many] } }', '/sweep/axes/steps/1 must be integer'],
    [
      'sweep: { zip: { hr_scale: [1] } }',
      '/sweep/zip must NOT have additional properties hr_scale',
    ],
    ['sweep: { list: [{ steps: 1..4 }] }', '/sweep/list/0/steps must be integer'],
    ['sweep: { axes: { seed: 1 }, limit: 0 }', '/sweep/limit must be >= 1'],
    ['sweep: { axes: { seed: 1 }, share: maybe }', '/sweep/share must be boolean'],
    [
      'sweep: { axes: { seed: 1 }, wildcards: { draw: per_picture, form: w } }',
      '/sweep/wildcards must NOT have additional properties form',
    ],
  ])('refuses %s', (yaml, why) => {
    expect(wrong(read(yaml))).toContain(why)
  })

  test('knows no key of a sweep that reading it does not know', () => {
    const keys = Object.keys(sweepSchema(stages).properties ?? {})
    const refused = (key: string): boolean => {
      try {
        sweep({}, { axes: { seed: 1 }, [key]: Symbol(key) })
        return false
      } catch (error) {
        if (!isPipelineError(error)) throw error
        return error.message.includes('there is no such key')
      }
    }
    expect([refused('axs'), keys.filter(refused), keys.length]).toEqual([true, [], 9])
  })

  test('has a description and the values of a field for each axis', () => {
    const { properties = {} } = sweepSchema(stages)
    expect(Object.values(properties).every(({ description = '' }) => description !== '')).toBe(true)
    const fields = Object.keys(properties['axes']?.properties ?? {})
    const own = Object.keys(jsonSchemaOf(refiner.config).properties ?? {})
    expect(fields).toEqual(expect.arrayContaining(['seed', ...own.map((key) => `refiner.${key}`)]))
  })
})
