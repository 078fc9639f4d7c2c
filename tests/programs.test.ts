import { expect, test } from 'vitest'

import { programsIn } from './programs.js'

test('a program is the block behind the mark, its output the block behind that', () => {
  const page =
    '```ts\nskipped\n```\n<!-- program -->\n\n```ts\nrun()\n```\n\nPrints:\n\n```text\na\nb\n```\n'
  expect(programsIn(page)).toEqual([{ language: 'ts', code: 'run()\n', output: 'a\nb' }])
})

test('a file with a name needs no output', () => {
  const page = '<!-- program: a.test.ts -->\n\n```ts\nrun()\n```\n'
  expect(programsIn(page)).toEqual([{ language: 'ts', code: 'run()\n', file: 'a.test.ts' }])
})

test('a mark without a program and its output is refused', () => {
  expect(() => programsIn('<!-- program -->\n\n```json\n{}\n```\n')).toThrow('no program')
  expect(() => programsIn('<!-- program -->\n\n```sh\nls\n```\n')).toThrow('no output')
})
