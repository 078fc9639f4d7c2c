import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
} from '@microsoft/api-extractor'

import { entriesOf, publicPackages, root } from '../packages.mjs'

/** @typedef {import('../packages.mjs').Entry} Entry
 *  @typedef {Entry & { report: string, model: string }} Extracted
 *    `report` is the text of the API report, `model` the path of the documentation model (JSON). */

/** Reads the built declarations of every entry of every published package with API Extractor, which brings the
 *  TypeScript that it works with. One program serves all entries: their declarations are read once.
 *  @param {string} into a folder for what it writes
 *  @returns {Extracted[]}
 *  @throws {Error} when the declarations do not compile */
export function extractApi(into) {
  const reports = join(into, 'reports')
  mkdirSync(reports, { recursive: true })
  const entries = publicPackages().flatMap(entriesOf)
  const configs = entries.map((entry) => configOf(entry, into, reports))
  const [first, ...others] = configs
  if (first === undefined) throw new Error('no package has an entry with types')
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  })
  return entries.map((entry, at) => {
    const config = /** @type {ExtractorConfig} */ (configs[at])
    extract(config, compilerState, entry)
    const report = readFileSync(config.reportFilePath, 'utf8')
    return { ...entry, report, model: config.apiJsonFilePath }
  })
}

/** @param {ExtractorConfig} config
 *  @param {CompilerState} compilerState
 *  @param {Entry} entry */
function extract(config, compilerState, entry) {
  /** @type {string[]} */
  const problems = []
  const { succeeded } = Extractor.invoke(config, {
    compilerState,
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.text)
    },
  })
  if (!succeeded || problems.length > 0)
    throw new Error(`${entry.specifier}: ${problems.join('\n') || 'the extraction failed'}`)
}

/** @param {Entry} entry
 *  @param {string} into
 *  @param {string} reports */
function configOf({ name, types, package: { directory } }, into, reports) {
  const silent = { logLevel: ExtractorLogLevel.None }
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: directory,
      mainEntryPointFilePath: types,
      compiler: { overrideTsconfig: { compilerOptions, include: [types] } },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: reports,
        reportTempFolder: join(into, 'temp'),
      },
      docModel: { enabled: true, apiJsonFilePath: join(into, `${name}.api.json`) },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: silent },
        tsdocMessageReporting: { default: silent },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(directory, 'package.json'),
  })
}

const compilerOptions = {
  target: 'ES2023',
  lib: ['ES2023'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
}
