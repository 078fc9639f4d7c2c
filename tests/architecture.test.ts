import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'

import { describe, expect, test } from 'vitest'

const CORE = '@stagewright/core'
const METADATA = '@stagewright/metadata'
const CORE_PEER = '>=0.1.0 <1.0.0'

const packages = readPackages(join(import.meta.dirname, '..', 'packages'))
const stages = packages.filter(({ folder }) => folder.startsWith('stage-'))
const backends = packages.filter(({ folder }) => folder.startsWith('backend-'))

describe('dependencies point down only', () => {
  test('every package is found under the name of its folder', () => {
    expect(packages.map(({ name }) => name)).toEqual(
      // What `npm create` finds is called so.
      packages.map(({ folder }) =>
        folder.startsWith('create-') ? folder : `@stagewright/${folder}`,
      ),
    )
    expect(stages).not.toHaveLength(0)
    expect(backends).not.toHaveLength(0)
  })

  test('core imports and declares nothing of ours', () => {
    const core = named(CORE)
    expect(ourImports([core], [])).toEqual([])
    expect(ourDependencies(core)).toEqual([])
  })

  test('a stage imports nothing of ours but core', () => {
    expect(ourImports(stages, [CORE])).toEqual([])
  })

  test('the testkit imports core alone', () => {
    expect(ourImports([named('@stagewright/testkit')], [CORE])).toEqual([])
  })

  test('a backend imports nothing of ours but core and the metadata of pictures', () => {
    expect(ourImports(backends, [CORE, METADATA])).toEqual([])
  })

  test('the metadata of pictures imports core alone', () => {
    expect(ourImports([named(METADATA)], [CORE])).toEqual([])
    expect(ourDependencies(named(METADATA))).toEqual([CORE])
  })

  test('the loader of picture files imports nothing of ours but core', () => {
    expect(ourImports([named('@stagewright/image-files')], [CORE])).toEqual([])
  })

  test('a stage declares nothing of ours but core, and the testkit for its tests', () => {
    const declared = stages.flatMap((one) => ourDependencies(one))
    expect(new Set(declared)).toEqual(new Set([CORE, '@stagewright/testkit']))
  })

  test('nothing depends on the command line', () => {
    const dependents = packages.filter((one) => ourDependencies(one).includes('@stagewright/cli'))
    expect(dependents.map(({ name }) => name)).toEqual([])
  })

  test('packages form no cycle, dev and peer dependencies included', () => {
    expect(findCycle(packages)).toEqual([])
  })

  test('stages, backends and the testkit take core as a peer that outlives its minors', () => {
    const plugins = [...stages, ...backends, named(METADATA), named('@stagewright/testkit')]
    const peers = plugins.map(({ name, manifest }) => [
      name,
      manifest.peerDependencies?.[CORE],
      manifest.devDependencies?.[CORE],
      manifest.dependencies?.[CORE],
    ])
    expect(peers).toEqual(plugins.map(({ name }) => [name, CORE_PEER, 'workspace:*', undefined]))
  })
})

describe('a package keeps to itself', () => {
  test('only the injection module of core imports tsyringe or reflect-metadata', () => {
    const offenders = allImports(packages)
      .filter(({ target }) => ['tsyringe', 'reflect-metadata'].includes(target))
      .filter(({ file }) => !/^core\/src\/di(\/|\.ts$|[-.])/.test(file))
    expect(offenders.map(show)).toEqual([])
  })

  test('sources import only what the package declares as a dependency or a peer', () => {
    const offenders = packages.flatMap((one) => {
      const { dependencies, peerDependencies } = one.manifest
      const declared = Object.keys({ ...dependencies, ...peerDependencies })
      return one.imports.filter(({ target }) => isBare(target) && !declared.includes(target))
    })
    expect(offenders.map(show)).toEqual([])
  })

  test('relative imports stay inside src', () => {
    const offenders = packages.flatMap((one) =>
      one.imports.filter(
        ({ specifier, directory }) =>
          specifier.startsWith('.') && !resolve(directory, specifier).startsWith(one.source + sep),
      ),
    )
    expect(offenders.map(show)).toEqual([])
  })

  test('every entry of an exports map names the source that its build comes from', () => {
    const offenders = packages.flatMap(({ folder, source, manifest }) =>
      Object.entries(manifest.exports)
        .filter(([entry, targets]) => {
          if (typeof targets === 'string') return entry !== targets
          const path = targets['@stagewright/source'] ?? ''
          const built = path.replace('./src/', './dist/').replace(/\.ts$/, '')
          return (
            !existsSync(join(source, '..', path)) ||
            targets['types'] !== `${built}.d.ts` ||
            targets['default'] !== `${built}.js`
          )
        })
        .map(([entry]) => `${folder}: ${entry}`),
    )
    expect(offenders).toEqual([])
  })

  test('no source imports a test runner', () => {
    const runners = new Set(['vitest', 'jest', '@jest/globals', 'node:test'])
    const offenders = allImports(packages).filter(({ target }) => runners.has(target))
    expect(offenders.map(show)).toEqual([])
  })
})

describe('the reader of imports', () => {
  test('sees every form of import and skips comments', () => {
    const text = [
      "import a from 'one'",
      "import type { B } from 'two/sub'",
      'import {\n  c,\n  d,\n} from "@x/three/deep"',
      "import 'four'",
      "export { e } from 'five'",
      "export * from './six.js'",
      "const f = await import('seven')",
      "type G = import('eight').G",
      "// import h from 'nine'",
      "/** import i from 'ten' */",
      " * import j from 'eleven'",
    ].join('\n')
    expect(readSpecifiers(text).toSorted()).toEqual(
      ['./six.js', '@x/three/deep', 'eight', 'five', 'four', 'one', 'seven', 'two/sub'].toSorted(),
    )
  })

  test('finds a cycle that passes through dev dependencies', () => {
    const cycle = findCycle([
      pretend('@stagewright/a', { dependencies: { '@stagewright/b': '*' } }),
      pretend('@stagewright/b', { devDependencies: { '@stagewright/c': '*' } }),
      pretend('@stagewright/c', { peerDependencies: { '@stagewright/a': '*' } }),
    ])
    expect(cycle).toEqual(['@stagewright/a', '@stagewright/b', '@stagewright/c', '@stagewright/a'])
  })
})

interface Manifest {
  name: string
  exports: Record<string, string | Record<string, string>>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

interface Import {
  /** The importing file, relative to `packages`. */
  file: string
  /** The folder of the importing file. */
  directory: string
  specifier: string
  /** The package's name for a bare specifier, else the specifier. */
  target: string
}

interface Package {
  name: string
  folder: string
  source: string
  manifest: Manifest
  imports: Import[]
}

function readPackages(directory: string): Package[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => {
      const manifest: Manifest = JSON.parse(
        readFileSync(join(directory, folder, 'package.json'), 'utf8'),
      )
      const source = join(directory, folder, 'src')
      return {
        name: manifest.name,
        folder,
        source,
        manifest,
        imports: readImports(source, directory),
      }
    })
}

function readImports(source: string, packagesDirectory: string): Import[] {
  return readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name)
      const file = relative(packagesDirectory, path).split(sep).join('/')
      return readSpecifiers(readFileSync(path, 'utf8')).map((specifier) => ({
        file,
        directory: entry.parentPath,
        specifier,
        target: isBare(specifier) ? packageOf(specifier) : specifier,
      }))
    })
}

function readSpecifiers(text: string): string[] {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '')
  const forms = [
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]/g,
  ]
  return forms.flatMap((form) => [...code.matchAll(form)].map((match) => match[1] ?? ''))
}

function isBare(specifier: string): boolean {
  return !specifier.startsWith('.') && !specifier.startsWith('node:')
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function named(name: string): Package {
  const found = packages.find((one) => one.name === name)
  if (!found) throw new Error(`There is no package ${name}.`)
  return found
}

function allImports(group: Package[]): Import[] {
  return group.flatMap(({ imports }) => imports)
}

/** Imports of our packages that are not allowed, as readable lines. */
function ourImports(group: Package[], allowed: string[]): string[] {
  return allImports(group)
    .filter(({ target }) => target.startsWith('@stagewright/') && !allowed.includes(target))
    .map(show)
}

function ourDependencies({ manifest }: Package): string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest
  return Object.keys({
    ...dependencies,
    ...devDependencies,
    ...peerDependencies,
    ...optionalDependencies,
  }).filter((name) => name.startsWith('@stagewright/'))
}

/** The first cycle found, its first member repeated at the end; empty when there is none. */
function findCycle(group: Package[]): string[] {
  const byName = new Map(group.map((one) => [one.name, one]))
  const done = new Set<string>()
  const visit = (name: string, path: string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    const one = byName.get(name)
    if (!one || done.has(name)) return []
    for (const next of ourDependencies(one)) {
      const cycle = visit(next, [...path, name])
      if (cycle.length > 0) return cycle
    }
    done.add(name)
    return []
  }
  for (const { name } of group) {
    const cycle = visit(name, [])
    if (cycle.length > 0) return cycle
  }
  return []
}

function pretend(name: string, manifest: Omit<Manifest, 'name' | 'exports'>): Package {
  return {
    name,
    folder: name,
    source: '',
    manifest: { name, exports: {}, ...manifest },
    imports: [],
  }
}

function show({ file, specifier }: Import): string {
  return `${file} imports ${specifier}`
}
