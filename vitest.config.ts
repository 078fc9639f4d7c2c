import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import { defineConfig } from 'vitest/config'

const root = import.meta.dirname
const packages = packagesIn(join(root, 'packages'))
const plugins = packagesIn(join(root, 'examples', 'plugins'))
// Tests run from the sources: no build is needed, and a stack trace names a line one can edit.
const conditions = ['@stagewright/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // No test asserts a time; a busy machine must not fail one.
    // By itself vitest leaves one core idle: half of a machine with two.
    maxWorkers: '100%',
    // Nothing of ours keeps state in a module, so files can share what they import: half of the time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      ...[...packages, ...plugins].map(({ name, directory }) =>
        project(name, directory, '{test,template/test}/**/*.test.ts'),
      ),
      project('tests', join(root, 'tests'), '**/*.test.ts'),
    ],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/bin.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { lines: 60 },
    },
  },
})

function packagesIn(folder: string) {
  return readdirSync(folder)
    .map((name) => ({ name, directory: join(folder, name) }))
    .filter(({ directory }) => existsSync(join(directory, 'package.json')))
}

function project(name: string, directory: string, include: string) {
  return { extends: true as const, test: { name, root: directory, include: [include] } }
}
