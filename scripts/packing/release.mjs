import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

import { root } from '../packages.mjs'

/** @typedef {import('./registry.mjs').Registry} Registry
 *  @typedef {Readonly<Record<string, string | undefined>>} Env */

/** Clones what is committed, and makes the next version there as the release workflow does: with a minor of core
 *  beside the changesets that wait, as the commit that a merge leaves on the main branch.
 *  @param {string} folder
 *  @returns {Promise<string>} the folder of the clone */
export async function cloneOfNextVersion(folder) {
  const clone = join(folder, 'clone')
  await run('git', ['clone', '--quiet', root, clone], root)
  await run('git', ['checkout', '--quiet', '-B', 'main'], clone)
  await pnpm(['run', 'deps'], clone)
  const changeset = `---\n'@stagewright/core': minor\n---\n\nA release that is only tried.\n`
  writeFileSync(join(clone, '.changeset/tried.md'), changeset)
  await pnpm(['exec', 'changeset', 'version'], clone)
  const waiting = readdirSync(join(clone, '.changeset')).filter((file) => file.endsWith('.md'))
  if (waiting.length > 0) throw new Error(`not released: ${waiting.join(', ')}`)
  // That commit is tested as any other is: the lockfile must still fit, and the changelogs have the format.
  await pnpm(['run', 'deps'], clone)
  await pnpm(['exec', 'oxfmt', '--check'], clone)
  const author = ['-c', 'user.name=release', '-c', 'user.email=release@localhost']
  await run('git', ['add', '--all'], clone)
  await run('git', [...author, 'commit', '--quiet', '--message', 'Version'], clone)
  return clone
}

/** Publishes a clone with the script of the release workflow.
 *  @param {string} clone
 *  @param {Registry} registry
 *  @returns {Promise<readonly string[]>} the tags that it left */
export async function publish(clone, registry) {
  await run('pnpm', ['run', 'release'], clone, await publishing(clone, registry))
  return (await run('git', ['tag', '--list'], clone)).trim().split('\n')
}

/** Publishes one package with what the release workflow sets, where GitHub Actions gives the job an identity. The
 *  token of that identity proves nothing, so no provenance statement can come of it: publishing must fail.
 *  @param {string} clone
 *  @param {string} directory of the package
 *  @param {Registry} registry
 *  @returns {Promise<string>} why it failed; '' where it did not */
export async function publishWithProvenance(clone, directory, registry) {
  const env = {
    ...(await publishing(clone, registry)),
    ...identity(registry),
    ...settingsOfWorkflow(),
  }
  const args = ['publish', '--no-git-checks', '--access', 'public']
  return run('pnpm', args, directory, env).then(
    () => '',
    (/** @type {Error} */ { message }) => message,
  )
}

/** Installs published packages in an empty project.
 *  @param {readonly string[]} names
 *  @param {Registry} registry
 *  @param {string} folder
 *  @returns {Promise<string>} the folder of the project */
export async function installPublished(names, registry, folder) {
  const app = join(folder, 'published')
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n')
  writeFileSync(join(app, '.npmrc'), `@stagewright:registry=${registry.url}\n`)
  // Names without our scope are asked for elsewhere; this one gives the tarball alone.
  const found = (/** @type {string} */ name) =>
    name.startsWith('@stagewright/')
      ? name
      : (registry.published.find(({ manifest }) => manifest.name === name)?.manifest.dist.tarball ??
        name)
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run('npm', ['install', ...quiet, ...names.map(found)], app)
  return app
}

/** Runs a command while the registry of this process answers; where it fails, the error says what it printed.
 *  @param {string} command
 *  @param {readonly string[]} args
 *  @param {string} cwd
 *  @param {Env} [env]
 *  @returns {Promise<string>} what it printed */
export function run(command, args, cwd, env = process.env) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env, shell: process.platform === 'win32', maxBuffer: 2 ** 26 }
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error }))
    })
  })
}

/** @param {readonly string[]} args
 *  @param {string} cwd */
function pnpm(args, cwd) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return run('npx', ['--yes', '--prefer-offline', packageManager, ...args], cwd)
}

/** An environment that knows one registry, that of this process, and no secret. All other hosts are asked for through
 *  that registry, which notes and refuses them.
 *  @param {string} clone
 *  @param {Registry} registry
 *  @returns {Promise<Env>} */
async function publishing(clone, { url }) {
  // npx would ask that registry for pnpm; changesets calls it by its name.
  const path = (await pnpm(['exec', 'node', '-p', 'process.env.PATH'], clone)).trim()
  const config = join(clone, '..', 'config')
  mkdirSync(config, { recursive: true })
  const npmrc = join(config, 'npmrc')
  writeFileSync(npmrc, `registry=${url}\n${url.replace('http:', '')}:_authToken=none\n`)
  const secret = /token|secret|password|_auth/i
  const kept = Object.entries(process.env).filter(([name]) => !secret.test(name))
  return {
    ...Object.fromEntries(kept),
    PATH: path,
    XDG_CONFIG_HOME: config,
    npm_config_userconfig: npmrc,
    npm_config_registry: url,
    https_proxy: url,
    HTTPS_PROXY: url,
    no_proxy: '127.0.0.1',
    NO_PROXY: '127.0.0.1',
  }
}

/** What GitHub Actions tells a job that may prove its identity.
 *  @param {Registry} registry
 *  @returns {Env} */
function identity({ url }) {
  const repository = 'stagewright/stagewright'
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: repository,
    GITHUB_WORKFLOW_REF: `${repository}/.github/workflows/release.yml@refs/heads/main`,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REPOSITORY_ID: '1',
    GITHUB_REPOSITORY_OWNER_ID: '1',
    GITHUB_RUN_ID: '1',
    GITHUB_RUN_ATTEMPT: '1',
    RUNNER_ENVIRONMENT: 'github-hosted',
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}id-token?`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'none',
  }
}

/** What the release workflow sets for pnpm.
 *  @returns {Env} */
function settingsOfWorkflow() {
  const workflow = readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')
  const settings = [...workflow.matchAll(/^\s+(P?NPM_CONFIG_\w+): (\S+)/gim)]
  return Object.fromEntries(settings.map(([, name = '', value]) => [name, value]))
}
