import { buildPipelinePlan, defineStage, Img2Img, Phase, slot, Txt2Img } from '@stagewright/core'
import { expect, test } from 'vitest'

import { plainSchema } from '../src/contract/plain-schema.js'
import { source } from '../src/contract/stage-subject.js'
import { configTable, markdownTable, positionTable, replaceGenerated } from '../src/index.js'

const Units = slot<readonly string[]>('acme_units', [Txt2Img, Img2Img], (a, b) => [...a, ...b])

const control = defineStage({
  name: 'acme_control',
  phase: Phase.Prepare,
  consumes: 'nothing',
  config: plainSchema<{ seed?: number; units: object[] }>({
    type: 'object',
    properties: {
      seed: { type: 'integer', minimum: 0, description: 'Seed <of> the units' },
      units: {
        type: 'array',
        minItems: 1,
        description: 'Units | in order',
        items: { type: 'object', properties: { weight: { type: 'number', default: 1 } } },
      },
    },
    required: ['units'],
  }),
  inherits: ['seed'],
  plan: () => ({ contribute: { generating: [Units.with(['canny'])] } }),
})

test('the config table tells types, ranges, defaults, what is required and what is inherited', () => {
  expect(configTable(control)).toMatchInlineSnapshot(`
    "| Key              | Type and range           | Default  | Meaning              | Inherited |
    | ---------------- | ------------------------ | -------- | -------------------- | --------- |
    | \`seed\`           | whole number from 0      |          | Seed \\<of> the units | yes       |
    | \`units\`          | list of maps, at least 1 | required | Units \\| in order    |           |
    | \`units[].weight\` | number                   | \`1\`      |                      |           |"
  `)
})

test('the position table tells who carries what the stage contributes', () => {
  const config = { contract_source: {}, acme_control: { units: [] } }
  const plan = buildPipelinePlan(config, [source, control], {
    capabilities: {
      operations: ['txt2img'],
      slots: ['acme_units'],
      grid: { multiple: 8, round: 'down' },
      resources: {},
    },
  })
  expect(positionTable(control, [plan], [Units])).toMatchInlineSnapshot(`
    "|             |                                                |
    | ----------- | ---------------------------------------------- |
    | Phase       | \`Prepare\`, rank 0                              |
    | Consumes    | nothing                                        |
    | Calls       | none                                           |
    | Carries     | nothing                                        |
    | Contributes | \`acme_units\` to every generating call after it |"
  `)
  expect(positionTable(source, [plan], [Units])).toContain('`hires`, `refiner`, `acme_units`')
})

test('what is generated is put between its marks, and nowhere else', () => {
  const page = 'a\n<!-- generated:x -->\nold\n<!-- /generated -->\nb'
  const table = markdownTable(['A'], [['1']])
  expect(replaceGenerated(page, 'x', table)).toBe(
    'a\n<!-- generated:x -->\n\n| A   |\n| --- |\n| 1   |\n\n<!-- /generated -->\nb',
  )
  expect(() => replaceGenerated(page, 'y', table)).toThrow('generated:y')
})
