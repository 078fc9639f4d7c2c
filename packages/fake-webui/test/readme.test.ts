import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { faultKinds } from '../src/faults/fault.js'
import * as api from '../src/index.js'

const text = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8')

test('the README names every function and every fault', () => {
  const names = [...Object.keys(api), ...faultKinds].filter((name) => !text.includes(name))
  expect(names).toEqual(['dialectNames'])
})
