import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const root = import.meta.dirname
const packages = packagesIn('packages')
const plugins = packagesIn('examples/plugins')
// Tests run from the sources: no build is needed, and a stack trace names a line one can edit.
const conditions = ['@stagewright/source', 'module', 'node', 'development|production']
const inPackage = '{test,template/test}/**/*.test.ts'
// Files of one project share what they import, so all packages are one project: named, each imports all anew.
const named = process.argv.some((word) => word.startsWith('--project'))

/** Begins with what takes long or waits for processes, so that nothing is left alone at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isLong = ({ moduleId }: TestSpecification) =>
      /(kill|over-http|journeys|programs|process|history-file)\.test\.ts$/.test(moduleId)
    // oxlint-disable-next-line unicorn/no-array-sort -- the method of the base, which gives a list of its own
    const sorted = await super.sort(files)
    return [...sorted.filter((file) => isLong(file)), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // No test asserts a time; a busy machine must not fail one.
    // One more than cores: while a test waits for a server, a process or a disk, another has something to do.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongFirst },
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
