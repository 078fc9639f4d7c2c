import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { missingTitles } from './test-titles.js'

const root = join(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')

test('every law on the architecture page names a test that there is', () => {
  const [, laws = ''] = /## The laws\n([\s\S]*?)\n## /.exec(page) ?? []
  const titles = [...laws.matchAll(/"([^"]+)"/g)].map(([, title]) => title ?? '')
  expect(titles.length).toBeGreaterThan(10)
  expect(missingTitles(titles)).toEqual([])
})

test('every journey on the architecture page is one of the testkit', () => {
  const [, table = ''] = /## From the specification([\s\S]*)$/.exec(page) ?? []
  const rows = table.split('\n').filter((line) => line.includes('.py`'))
  const ids = rows.flatMap((row) =>
    [...row.matchAll(/`((?:jt\d\d\/|full|refiner-hires|t\+)[^`]*)`/g)].map(([, id]) => id ?? ''),
  )
  const folder = join(root, 'packages/testkit/src/journeys')
  const journeys = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  expect(ids.length).toBeGreaterThan(6)
  expect(ids.filter((id) => !journeys.some((text) => text.includes(`id: '${id}'`)))).toEqual([])
})

test('the map of core names the folders that core has', () => {
  const [, map = ''] = /## Where things live in core\n([\s\S]*?)\n## /.exec(page) ?? []
  const named = [...map.matchAll(/^\| `([\w-]+)\/`/gm)].map(([, folder]) => folder)
  const folders = readdirSync(join(root, 'packages/core/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
  expect(new Set(named)).toEqual(new Set(folders))
})
