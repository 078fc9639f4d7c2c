/** The template's files with Node's own test runner in place of vitest. TypeScript is compiled for it: Node 20 runs
 *  JavaScript alone. */
export function withNodeTest(files: ReadonlyMap<string, string>): Map<string, string> {
  const changed = [...files].map(([path, text]): [string, string] => [
    path,
    forNodeTest(path, text),
  ])
  return new Map([...changed, ['tsconfig.test.json', `${JSON.stringify(compiled, null, 2)}\n`]])
}

const compiled = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '.', outDir: 'build' },
}

function forNodeTest(path: string, text: string): string {
  if (path === 'package.json')
    return text
      .replace('"vitest run"', '"tsc -p tsconfig.test.json && node --test build/test/*.test.js"')
      .replace(/,\n *"vitest": "[^"]*"/, '')
  if (!path.startsWith('test/')) return text
  return text
    .replace("from 'vitest'", "from 'node:test'")
    .replace("'../README.md'", "'../../README.md'")
}
