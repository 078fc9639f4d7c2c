import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { root } from '../packages.mjs'

/** @typedef {import('./pages.mjs').Page} Page
 *  @typedef {import('./pages.mjs').Modules} Modules */

/** What a stage's README tells of its section; the rest is for those who install the package. */
const told = ['What it is', 'When to use it (and when not)', 'Position', 'Config', 'Errors and']

/** The tables of the page on run files, and a page for each stage's section.
 *  @param {Pick<Modules, 'stages' | 'core' | 'testkit'>} modules
 *  @param {ReadonlyMap<string, string>} readmes each stage's README as it is going to be
 *  @returns {Page[]} */
export function runFilePages({ stages, core, testkit }, readmes) {
  const { markdownTable } = testkit
  const sections = stages.map((stage) => {
    const text = readmes.get(stage.name) ?? ''
    return { name: stage.name, text, phase: stage.definition.phase }
  })
  const list = markdownTable(
    ['Section', 'What it does'],
    sections.map(({ name, text }) => [`[\`${name}\`](${name}.md)`, firstSentence(text)]),
  )
  return [
    {
      path: 'docs/run-files/index.md',
      parts: {
        sections: list,
        shared: sharedTable(core, testkit, stages),
        presets: presetTable(core, markdownTable),
      },
    },
    ...sections.map(({ name, text }) => ({
      path: `docs/run-files/${name}.md`,
      text: `# The section ${name}\n\n${sectionPage(text)}\n`,
    })),
  ]
}

/** The shared fields are the keys that stages inherit, as the first of them means each.
 *  @param {any} core
 *  @param {any} testkit
 *  @param {readonly any[]} stages */
function sharedTable(core, testkit, stages) {
  const { preset } = core.runFileSchema(stages).properties
  const inherited = stages.flatMap(({ config, inherits }) => {
    const { properties = {}, required = [] } = core.jsonSchemaOf(config)
    return inherits.map((/** @type {string} */ key) => ({
      key,
      property: properties[key],
      required: required.includes(key),
    }))
  })
  const first = inherited.filter(
    ({ key }, at) => inherited.findIndex((one) => one.key === key) === at,
  )
  const schema = {
    type: 'object',
    properties: { preset, ...Object.fromEntries(first.map((one) => [one.key, one.property])) },
    required: first.filter((one) => one.required).map((one) => one.key),
  }
  // The table is that of a stage; all that it reads of one is the schema of its section.
  const config = { '~standard': { jsonSchema: { input: () => schema } } }
  return testkit.configTable({ config, inherits: [], definition: {} })
}

/** @param {any} core
 *  @param {import('./catalogue.mjs').Table} table */
function presetTable({ presets }, table) {
  const names = Object.keys(presets)
  const keys = [...new Set(names.flatMap((name) => Object.keys(presets[name])))]
  return table(
    ['Sets', ...names.map((name) => `\`${name}\``)],
    keys.map((key) => [`\`${key}\``, ...names.map((name) => String(presets[name][key] ?? ''))]),
  )
}

/** @param {string} readme */
function sectionPage(readme) {
  const sections = readme
    .split(/^(?=## )/m)
    .filter((section) => told.some((title) => section.startsWith(`## ${title}`)))
    .map((section) => section.replace(/^## What it is\n\n/, '').replace(/^## Config$/m, '## Keys'))
  return linksFromHere(sections.join(''))
    .replaceAll(/^<!-- \/?generated.*-->\n\n?/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

/** The links of a package's README, as they are written in docs/run-files/.
 *  @param {string} text */
function linksFromHere(text) {
  return text
    .replaceAll(/\]\(\.\.\/stage-(\w+)\/README\.md\)/g, ']($1.md)')
    .replaceAll(/\]\(\.\.\/\.\.\/docs\//g, '](../')
    .replaceAll(/\]\(\.\.\/([\w-]+)\/README\.md\)/g, '](../../packages/$1/README.md)')
}

/** @param {string} readme */
function firstSentence(readme) {
  const [, what = ''] = /^## What it is\n\n(.*)$/m.exec(readme) ?? []
  return /^.*?[.!](?= |$)/.exec(what)?.[0] ?? what
}

/** A stage's README.
 *  @param {string} name */
export function readmeOf(name) {
  return readFileSync(join(root, 'packages', `stage-${name}`, 'README.md'), 'utf8')
}
