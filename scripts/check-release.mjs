// `pnpm check:release`: a release without the world. What is committed is cloned; the next version is made there, and
// published to a registry on the loopback interface, as the release workflow does it; an empty project installs it from
// there. Then one package is published with the workflow's settings, to see that a provenance statement is asked for.
// No other registry is asked for anything while it publishes: who tries is noted, and fails the check.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { publicPackages } from './packages.mjs'
import { withRegistry } from './packing/registry.mjs'
import {
  cloneOfNextVersion,
  installPublished,
  publish,
  publishWithProvenance,
  run,
} from './packing/release.mjs'
import { problemsOfStranger } from './packing/stranger.mjs'

/** @typedef {import('./packages.mjs').Package} Package
 *  @typedef {import('./packing/registry.mjs').Registry} Registry */

const folder = mkdtempSync(join(tmpdir(), 'stagewright-release-'))
try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function main() {
  const packages = publicPackages()
  const clone = await cloneOfNextVersion(folder)
  const version = versionIn(clone)
  console.log(`the next version is ${version}`)
  const problems = [
    ...(await withRegistry((registry) => problemsOfRelease(packages, clone, version, registry))),
    ...(await withRegistry((registry) => problemsOfProvenance(packages, clone, registry))),
  ]
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** @param {readonly Package[]} packages
 *  @param {string} clone
 *  @param {string} version
 *  @param {Registry} registry */
async function problemsOfRelease(packages, clone, version, registry) {
  const tags = await publish(clone, registry)
  console.log(`published on the loopback interface: ${registry.published.length} packages`)
  const problems = [
    ...packages.flatMap((one) => problemsOfPublished(one, version, registry, tags)),
    ...registry.elsewhere.map((host) => `publishing asked ${host} for something`),
    ...(version.startsWith('0.') ? [] : [`a minor of core makes ${version} of everything`]),
  ]
  if (problems.length > 0) return problems
  const names = packages.map(({ manifest }) => manifest.name)
  const app = await installPublished(names, registry, folder)
  const command = 'node_modules/@stagewright/cli/bin/stagewright.js'
  const printed = (await run(process.execPath, [command, '--version'], app)).trim()
  const copies = readdirSync(join(app, 'node_modules'), { recursive: true }).filter((path) =>
    /@stagewright[/\\]core[/\\]package\.json$/.test(String(path)),
  )
  console.log(`an empty project installed them from there: stagewright ${printed}`)
  return [
    ...(printed === version ? [] : [`what was installed says that it is ${printed}`]),
    ...(copies.length === 1 ? [] : [`${copies.length} copies of core are installed`]),
    ...(await problemsOfStranger(registry, folder)),
  ]
}

/** @param {Package} one
 *  @param {string} version
 *  @param {Registry} registry
 *  @param {readonly string[]} gitTags */
function problemsOfPublished({ manifest: before }, version, registry, gitTags) {
  const { name } = before
  const found = registry.published.find(({ manifest }) => manifest.name === name)
  if (found === undefined) return [`${name} was not published`]
  const { manifest, tags, access } = found
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = manifest
  const ours = Object.entries(dependencies).filter(([one]) => one.startsWith('@stagewright/'))
  const ranges = Object.values({ ...dependencies, ...devDependencies, ...peerDependencies })
  const peers = JSON.stringify(peerDependencies)
  const facts = {
    [`the version ${version}`]: manifest.version === version,
    'the tag latest': tags.join(',') === 'latest',
    'a tag in git': gitTags.includes(`${name}@${version}`),
    'public access': access === 'public',
    // Registries refuse provenance where the repository is another than the workflow's.
    'its repository':
      manifest.repository?.url === 'git+https://github.com/stagewright/stagewright.git',
    'a licence': manifest.license === 'MIT',
    [`the peers of before, not ${peers}`]: peers === JSON.stringify(before.peerDependencies ?? {}),
    [`^${version} of ours`]: ours.every(([, range]) => range === `^${version}`),
    'ranges that others understand': !ranges.some((range) => /^(?:workspace|catalog):/.test(range)),
  }
  const missing = Object.entries(facts).filter(([, holds]) => !holds)
  return missing.map(([fact]) => `${name} was published without ${fact}`)
}

/** @param {readonly Package[]} packages
 *  @param {string} clone
 *  @param {Registry} registry */
async function problemsOfProvenance([first], clone, registry) {
  const directory = join(clone, 'packages', first?.folder ?? '')
  const refused = await publishWithProvenance(clone, directory, registry)
  console.log(`for provenance, an identity is asked for: ${registry.audiences.join(', ')}`)
  return registry.audiences.includes('sigstore') && /provenance/i.test(refused)
    ? []
    : [`publishing with the settings of release.yml asks for no provenance: ${refused}`]
}

/** @param {string} clone */
function versionIn(clone) {
  const manifests = readdirSync(join(clone, 'packages')).map((one) =>
    JSON.parse(readFileSync(join(clone, 'packages', one, 'package.json'), 'utf8')),
  )
  const versions = new Set(manifests.map(({ version }) => version))
  if (versions.size !== 1) throw new Error(`the versions differ: ${[...versions].join(', ')}`)
  return String([...versions][0])
}
