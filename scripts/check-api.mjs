// `pnpm check:api`: compares the API of every published package with its committed report, api/<package>.api.md.
// `pnpm update:api` writes the reports anew, so that a change of the API is a diff that somebody reads.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { extractApi } from './api/extract.mjs'
import { root } from './packages.mjs'

const committed = join(root, 'api')
const updating = process.argv.includes('--update')
const folder = mkdtempSync(join(tmpdir(), 'stagewright-api-'))
try {
  const reports = new Map(extractApi(folder).map(({ name, report }) => [`${name}.api.md`, report]))
  mkdirSync(committed, { recursive: true })
  const stale = readdirSync(committed).filter((file) => !reports.has(file))
  if (updating) update(reports, stale)
  else check(reports, stale)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** @param {ReadonlyMap<string, string>} reports
 *  @param {readonly string[]} stale */
function update(reports, stale) {
  for (const file of stale) rmSync(join(committed, file))
  for (const [file, report] of reports) writeFileSync(join(committed, file), report)
  console.log(`${reports.size} API reports are written`)
}

/** @param {ReadonlyMap<string, string>} reports
 *  @param {readonly string[]} stale */
function check(reports, stale) {
  const problems = stale.map((file) => `api/${file} belongs to no entry of a package`)
  for (const [file, report] of reports) {
    const before = read(join(committed, file))
    if (before === undefined) problems.push(`api/${file} is missing`)
    else if (before !== report) problems.push(`api/${file} differs:\n${changes(before, report)}`)
  }
  if (problems.length === 0) {
    console.log(`${reports.size} API reports are up to date`)
    return
  }
  console.error(problems.join('\n'))
  console.error('\nIf the change is wanted, write the reports anew with: pnpm update:api')
  process.exitCode = 1
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  } catch {
    return undefined
  }
}

/** The lines that went and came, the first ones of many.
 *  @param {string} before
 *  @param {string} after */
function changes(before, after) {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const gone = old.filter((line) => !now.includes(line)).map((line) => `  - ${line}`)
  const come = now.filter((line) => !old.includes(line)).map((line) => `  + ${line}`)
  const lines = [...gone, ...come]
  return lines.length === 0 ? '  (the order of lines)' : lines.slice(0, 40).join('\n')
}
