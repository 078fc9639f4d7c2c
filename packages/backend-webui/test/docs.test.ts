import { readFileSync } from 'node:fs'

import { expect, it } from 'vitest'

import { supportMarkdown } from '../src/index.js'

it('docs/servers.md holds the table as it is generated', () => {
  const text = readFileSync(new URL('../../../docs/servers.md', import.meta.url), 'utf8')
  expect(text).toContain(supportMarkdown())
})
