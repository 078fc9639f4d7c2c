// `pnpm check:packages`: packs every published package once, and looks at the tarballs as a user gets them:
//   contents      no stray file, none missing, no range of the workspace; publint; arethetypeswrong
//   budget        what core, the stages and the client of servers bring
//   downstream    a project outside the workspace installs them, type-checks, and runs (tests/downstream)
// Names choose some of them: `pnpm check:packages contents`. `--node 22` does the last two on another Node, taken from
// the registry; it may stand several times. `--keep` leaves the folder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { publicPackages } from './packages.mjs'
import { problemsOfContents } from './packing/contents.mjs'
import { checkBudget, checkDownstream } from './packing/downstream.mjs'
import { publintProblems, typesProblems } from './packing/lint.mjs'
import { withNode } from './packing/node-versions.mjs'
import { pack, run } from './packing/pack.mjs'

/** @typedef {import('./packing/pack.mjs').Packed} Packed
 *  @typedef {Readonly<Record<string, string | undefined>>} Env */

/** @type {Readonly<Record<string, (packed: readonly Packed[], folder: string, env: Env) => string[] | Promise<string[]>>>} */
const checks = { contents: checkContents, budget: checkBudget, downstream: checkDownstream }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { node: { type: 'string', multiple: true }, keep: { type: 'boolean' } },
})
const unknown = positionals.filter((name) => !Object.hasOwn(checks, name))
if (unknown.length > 0) throw new Error(`no check ${unknown.join(', ')}`)
const folder = mkdtempSync(join(tmpdir(), 'stagewright-packages-'))
try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  if (values.keep === true) console.log(folder)
  else rmSync(folder, { recursive: true, force: true })
}

async function main() {
  const packed = pack(publicPackages(), join(folder, 'tarballs'))
  const chosen = Object.entries(checks).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name),
  )
  const environments = values.node?.map((version) => withNode(version, folder)) ?? [process.env]
  for (const env of environments) {
    console.log(`${packed.length} packages, Node ${run('node', ['--version'], folder, env).trim()}`)
    for (const [, check] of chosen)
      for (const line of await check(packed, folder, env)) console.log(line)
  }
}

/** @param {readonly Packed[]} packed */
async function checkContents(packed) {
  /** @type {string[]} */
  const problems = []
  for (const one of packed) {
    const found = [
      ...problemsOfContents(one),
      ...(await publintProblems(one)),
      ...(await typesProblems(one)),
    ]
    problems.push(...found.map((problem) => `${one.manifest.name}: ${problem}`))
  }
  if (problems.length > 0)
    throw new Error(`the packages do not pack cleanly:\n${problems.join('\n')}`)
  return ['contents: no stray file, none missing; publint and arethetypeswrong find nothing']
}
