import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { missingTitles } from './test-titles.js'

const page = readFileSync(join(import.meta.dirname, '..', 'docs/failures.md'), 'utf8')
const rows = [...page.matchAll(/^\| (\d+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
  ([, number, what = '', done = '']) => ({ number: Number(number), what, done }),
)

test('every trap and failure has a row: a test that says what is done, or what stands in its place', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
  expect(rows.map(({ number }) => number)).toEqual([32, 36, 32].flatMap(numbers))
  const bare = rows.filter(({ done }) => !/^"[^"]/.test(done) && !/^not here: \S/.test(done))
  expect(bare).toEqual([])
})

test('every test that the page names is one that there is', () => {
  const titles = rows
    .filter(({ done }) => done.startsWith('"'))
    .flatMap(({ done }) => done.split('<br>').map((one) => one.replace(/^"|"$/g, '')))
  expect(titles.length).toBeGreaterThan(90)
  expect(missingTitles(titles)).toEqual([])
})
