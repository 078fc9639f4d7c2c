import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import * as testkit from '../src/index.js'
import { backendClauses, stageClauses } from '../src/index.js'

const text = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8')

describe('the README', () => {
  test('lists every clause of both contracts, in order', () => {
    const listed = [...text.matchAll(/^\| `((?:stage|backend)\/[\w/-]+)`\s+\|/gm)].map(
      ([, id]) => id,
    )
    expect(listed).toEqual([...stageClauses, ...backendClauses].map(({ id }) => id))
  })

  test('names every function and class of the package', () => {
    const unnamed = Object.keys(testkit).filter((name) => !text.includes(name))
    expect(unnamed.toSorted()).toEqual(
      ['resourceKinds', 'stageClauses', 'backendClauses'].toSorted(),
    )
  })
})
