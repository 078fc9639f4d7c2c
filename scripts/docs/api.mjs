import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { entriesOf, publicPackages, root } from '../packages.mjs'
import { saidOf } from './comments.mjs'

/** @typedef {import('./pages.mjs').Page} Page
 *  @typedef {{ name: string, kind: string, text: string }} Declaration */

/** The parts of a page, by the keyword of a declaration. */
const groups = /** @type {const} */ ([
  ['Functions', ['function']],
  ['Classes', ['class']],
  ['Values', ['const']],
  ['Types', ['interface', 'type']],
])

/** A page for each entry of each published package, and one that lists them: what its committed API report declares,
 *  with what the sources say of it.
 *  @param {import('./catalogue.mjs').Table} table
 *  @returns {Page[]} */
export function apiPages(table) {
  const entries = publicPackages().flatMap((one) =>
    entriesOf(one).flatMap(({ name, specifier }) => {
      const report = reportOf(name)
      // An entry without exports needs no page yet.
      if (report === undefined || declarationsIn(report).length === 0) return []
      const description = one.manifest.description ?? ''
      const source = sourceOf(one, specifier)
      const declarations = declarationsIn(report)
      return [{ name, specifier, folder: one.folder, description, source, declarations }]
    }),
  )
  const rows = entries.map(({ name, specifier, description, declarations }) => [
    `[\`${specifier}\`](${name}.md)`,
    specifier.split('/').length > 2 ? '' : description,
    String(declarations.length),
  ])
  const list = `# API\n\nOne page for each thing that can be imported, with what its exports are and do. They are written from the API reports, which are compared in review, and from the comments of the sources.\n\n${table(['Import', 'What it is', 'Exports'], rows)}\n`
  return [
    { path: 'docs/api/index.md', text: list },
    ...entries.map((entry) => ({ path: `docs/api/${entry.name}.md`, text: entryPage(entry) })),
  ]
}

/** @typedef {{ specifier: string, folder: string, description: string, source: string,
 *    declarations: readonly Declaration[] }} Entry
 *  @param {Entry} entry */
function entryPage({ specifier, folder, description, source, declarations }) {
  const parts = groups.flatMap(([title, kinds]) => {
    const members = declarations.filter(({ kind }) => kinds.some((one) => one === kind))
    if (members.length === 0) return []
    const names = [...new Set(members.map(({ name }) => name))]
    return [
      `## ${title}`,
      ...names.map((name) => {
        const text = members.filter((one) => one.name === name).map((one) => one.text)
        return memberPart(name, saidOf(source, name), text)
      }),
    ]
  })
  const readme = `[its README](../../packages/${folder}/README.md)`
  return `${[`# ${specifier}`, `${description}. What it is for, and programs that use it: ${readme}.`, ...parts].join('\n\n')}\n`
}

/** @param {string} name
 *  @param {ReturnType<typeof saidOf>} said
 *  @param {readonly string[]} declared */
function memberPart(name, { comment, whole }, declared) {
  const declarations = whole === undefined ? declared : [whole]
  return [
    `### ${name}`,
    ...(comment === undefined ? [] : [comment.text, ...comment.notes]),
    `\`\`\`ts\n${declarations.join('\n\n')}\n\`\`\``,
  ].join('\n\n')
}

/** The exported declarations of an API report.
 *  @param {string} report
 *  @returns {Declaration[]} */
export function declarationsIn(report) {
  const [, body = ''] = /^```ts\n([\s\S]*)^```$/m.exec(report) ?? []
  return body.split(/\n\n(?=\/\/ |export )/).flatMap((part) => {
    const text = part
      .replaceAll(/^ *\/\/ .*\n/gm, '')
      .replaceAll(/^(?: {4})+/gm, (spaces) => ' '.repeat(spaces.length / 2))
      .trim()
    const pattern =
      /^export (?:declare )?(?:abstract )?(?:async )?(function|class|const|interface|type) (\w+)/
    const [, kind, name] = pattern.exec(text) ?? []
    return kind === undefined || name === undefined ? [] : [{ name, kind, text: wrapped(text) }]
  })
}

/** A function whose line is long, with a parameter a line, and a type parameter a line where that is not enough.
 *  @param {string} text */
function wrapped(text) {
  const fits = (/** @type {string} */ line) => line.length <= 96
  if (!text.startsWith('export function') || text.includes('\n') || fits(text)) return text
  const [name = ''] = /^export function \w+/.exec(text) ?? []
  const generic = text[name.length] === '<'
  const from = generic ? listAt(text, name.length).end : name.length
  const once = broken(text, from)
  return generic && !fits(once.slice(0, once.indexOf('\n'))) ? broken(once, name.length) : once
}

/** The text with each item of the bracketed list that begins at `from` on a line of its own.
 *  @param {string} text
 *  @param {number} from */
function broken(text, from) {
  const { items, end } = listAt(text, from)
  const lines = items.map((item) => `  ${item},\n`).join('')
  return `${text.slice(0, from + 1)}\n${lines}${text.slice(end - 1)}`
}

/** The items of the bracketed list that begins at `from`, and where it has ended.
 *  @param {string} text
 *  @param {number} from */
function listAt(text, from) {
  /** @type {string[]} */
  const items = []
  let depth = 0
  let start = from + 1
  for (let at = from; at < text.length; at++) {
    const sign = text[at] ?? ''
    const arrow = sign === '>' && text[at - 1] === '='
    if ('([{<'.includes(sign)) depth++
    if (')]}>'.includes(sign) && !arrow) depth--
    if (depth > 1 || (depth === 1 && sign !== ',')) continue
    items.push(text.slice(start, at).trim())
    start = at + 1
    if (depth === 0) return { items, end: at + 1 }
  }
  throw new Error(`a list is not closed: ${text}`)
}

/** The committed report; nothing for an entry that has none yet, which `pnpm check:api` tells.
 *  @param {string} entry */
function reportOf(entry) {
  const file = join(root, 'api', `${entry}.api.md`)
  return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : undefined
}

/** Where an entry's source begins.
 *  @param {import('../packages.mjs').Package} one
 *  @param {string} specifier */
function sourceOf({ directory, manifest }, specifier) {
  const path = `.${specifier.slice(manifest.name.length)}`
  const targets = manifest.exports?.[path]
  const source = typeof targets === 'object' ? targets?.['@stagewright/source'] : undefined
  if (source === undefined) throw new Error(`${specifier} names no source`)
  return join(directory, source)
}
