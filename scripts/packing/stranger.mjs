import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import { run } from './release.mjs'

/** @typedef {import('./registry.mjs').Registry} Registry */

/** What somebody does who begins a stage: `npm create`, install, test, and look for the stage in a plan.
 *  @param {Registry} registry that has the packages
 *  @param {string} folder where a folder may be made
 *  @returns {Promise<readonly string[]>} what was not as it should be */
export async function problemsOfStranger(registry, folder) {
  const maker = registry.published.find(
    ({ manifest }) => manifest.name === 'create-stagewright-stage',
  )
  const cwd = join(folder, 'stranger')
  mkdirSync(cwd)
  const settings = `@stagewright:registry=${registry.url}\nloglevel=error\nfund=false\naudit=false\n`
  writeFileSync(join(cwd, '.npmrc'), settings)
  // What `npm create` does; by its tarball, for a name without our scope is asked for elsewhere.
  const tarball = maker?.manifest.dist.tarball ?? ''
  await run(
    'npm',
    ['exec', '--yes', `--package=${tarball}`, '--', 'create-stagewright-stage', 'film-grain'],
    cwd,
  )
  const stage = join(cwd, 'film-grain')
  writeFileSync(join(stage, '.npmrc'), settings)
  await run('npm', ['install', '--prefer-offline'], stage)
  const tested = await run('npm', ['test'], stage)
  const planned = await run('npm', ['run', 'plan'], stage)
  const passed = /Tests +(\d+ passed)/.exec(stripVTControlCharacters(tested))?.[1]
  const line = planned.split('\n').find((one) => /^\d+\. film_grain /.test(one))
  console.log(`a stranger’s stage: ${passed ?? 'no test'}; in the plan: ${line ?? 'no such stage'}`)
  return passed === undefined || line === undefined ? [`npm create made:\n${tested}${planned}`] : []
}
