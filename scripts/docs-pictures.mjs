// `pnpm site:pictures`: runs the examples on the backend that draws, and keeps their contact sheets for the pages.
//   pnpm site:pictures inpaint     one of them
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

import { exampleNames } from './docs/examples.mjs'
import { root } from './packages.mjs'

/** What a picture of a page may weigh, in bytes. */
const most = 150_000

// sharp is the command's own.
const sharp = createRequire(join(root, 'packages/cli/package.json'))('sharp')
const asked = process.argv.slice(2)
for (const name of asked.length === 0 ? exampleNames() : asked) {
  const folder = mkdtempSync(join(tmpdir(), 'stagewright-pictures-'))
  try {
    const made = run(name, folder)
    const grid = join(made, 'grid.png')
    const sheet = existsSync(grid) ? grid : join(made, 'contact-sheet.png')
    const bytes = await small(sheet)
    writeFileSync(join(root, 'docs/images', `${name}.webp`), bytes)
    console.log(`docs/images/${name}.webp: ${bytes.length} bytes`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs an example, with a seed where it has none, so that the same code makes the same picture.
 *  @param {string} name
 *  @param {string} into
 *  @returns {string} the folder of the run */
function run(name, into) {
  const command = join(root, 'packages/cli/bin/stagewright.js')
  const file = join(root, 'examples', `${name}.yaml`)
  const seeded = /^(seed|sweep):/m.test(readFileSync(file, 'utf8'))
  const seed = seeded ? [] : ['--seed', '20251123']
  const options = ['--backend', 'sketch', ...seed, '--out', into, '--quiet']
  return execFileSync(process.execPath, [command, 'run', file, ...options], {
    encoding: 'utf8',
  }).trim()
}

/** The picture as it is where it fits, narrower where it does not.
 *  @param {string} file
 *  @returns {Promise<Buffer>} */
async function small(file) {
  for (const width of [2000, 1400, 1200, 1000]) {
    const picture = sharp(file).resize({ width, withoutEnlargement: true })
    const bytes = await picture.webp({ quality: 78, effort: 6 }).toBuffer()
    if (bytes.length < most) return bytes
  }
  throw new Error(`${file} does not fit into ${most} bytes`)
}
