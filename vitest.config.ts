import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { defineConfig } from 'vitest/config'

const root = import.meta.dirname
const packages = packagesIn('packages')
const plugins = packagesIn('examples/plugins')
// Tests run from the sources: no build is needed, and a stack trace names a line one can edit.
const conditions = ['@stagewright/source', 'module', 'node', 'development|production']
const inPackage = '{test,template/test}/**/*.test.ts'
// Files of one project share what they import, so all packages are one project: named, each imports all anew.
const named = process.argv.some((word) => word.startsWith('--project'))

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
    include: [`{packages,examples/plugins}/*/${inPackage}`, 'tests/**/*.test.ts'],
    ...(named && {
      projects: [
        ...[...packages, ...plugins].map(({ name, directory }) =>
          project(name, directory, inPackage),
        ),
        project('tests', join(root, 'tests'), '**/*.test.ts'),
      ],
    }),
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
  return readdirSync(join(root, folder))
    .map((name) => ({ name, directory: join(root, folder, name) }))
    .filter(({ directory }) => existsSync(join(directory, 'package.json')))
}

function project(name: string, directory: string, include: string) {
  return { extends: true as const, test: { name, root: directory, include: [include] } }
}
