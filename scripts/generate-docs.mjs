// Rewrites the generated parts of the stages' READMEs and of docs/errors.md and docs/servers.md, from the built packages: pnpm run docs.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { catalogues, pagesOf } from './docs/index.mjs'

const root = join(import.meta.dirname, '..')
const load = (/** @type {string} */ name) =>
  import(new URL(`../packages/${name}/dist/index.js`, import.meta.url).href)

const names = ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer']
const [core, testkit, imageFiles, runStore, cli, webui, ...packages] = await Promise.all(
  [
    'core',
    'testkit',
    'image-files',
    'run-store',
    'cli',
    'backend-webui',
    ...names.map((name) => `stage-${name}`),
  ].map(load),
)
const pages = pagesOf({
  core,
  testkit,
  webui,
  stages: names.map((name, at) => packages[at][name]),
  catalogues: catalogues({
    core,
    imageFiles,
    runStore,
    cli,
    webui,
    stages: Object.assign({}, ...packages),
  }),
})
for (const { path, parts } of pages) {
  const file = join(root, path)
  const before = readFileSync(file, 'utf8')
  const after = Object.entries(parts).reduce(
    (text, [name, body]) => testkit.replaceGenerated(text, name, body),
    before,
  )
  if (after !== before) {
    writeFileSync(file, after)
    console.log(`${path} is written anew`)
  }
}
