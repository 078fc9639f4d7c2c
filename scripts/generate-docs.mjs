// Rewrites the generated parts of the stages' READMEs and of the pages, and the pages that are generated as a whole,
// from the built packages and the API reports: pnpm run docs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { catalogues, generatedFolders, pagesOf, replaceAll } from './docs/index.mjs'

const root = join(import.meta.dirname, '..')
const load = (/** @type {string} */ name) =>
  import(new URL(`../packages/${name}/dist/index.js`, import.meta.url).href)

const names = ['txt2img', 'img2img', 'refiner', 'upscale', 'adetailer']
const [core, testkit, imageFiles, runStore, scheduler, cli, webui, ...packages] = await Promise.all(
  [
    'core',
    'testkit',
    'image-files',
    'run-store',
    'scheduler',
    'cli',
    'backend-webui',
    ...names.map((name) => `stage-${name}`),
  ].map(load),
)
const pages = await pagesOf({
  core,
  testkit,
  webui,
  runCli: cli.runCli,
  stages: names.map((name, at) => packages[at][name]),
  catalogues: catalogues({
    core,
    imageFiles,
    runStore,
    scheduler,
    cli,
    webui,
    stages: Object.assign({}, ...packages),
  }),
})
for (const page of pages) {
  const file = join(root, page.path)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const after =
    'text' in page ? page.text : replaceAll(before, page.parts, testkit.replaceGenerated)
  if (after === before) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, after)
  console.log(`${page.path} is written anew`)
}
const current = new Set(pages.map(({ path }) => path))
for (const folder of generatedFolders)
  for (const name of readdirSync(join(root, folder))) {
    const path = `${folder}/${name}`
    if (current.has(path)) continue
    rmSync(join(root, path))
    console.log(`${path} belongs to nothing any more, and is removed`)
  }
