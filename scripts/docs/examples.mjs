import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { root } from '../packages.mjs'

/** @typedef {{ write(text: string): unknown }} Output
 *  @typedef {{ stdout: Output, stderr: Output, cwd: string, env: {} }} Host
 *  @typedef {(argv: readonly string[], host: Host) => Promise<number>} RunCli
 *  @typedef {import('./pages.mjs').Page} Page */

/** What to look at in the contact sheet of an example; a new one needs no words to have a page.
 *  @type {Readonly<Record<string, string>>} */
const words = {
  portrait:
    'The refiner takes the picture over for the last steps of a high-res pass that is a call of its own, so the picture before it is kept. The upscaler comes next, and the two detailers last, on the final size. In the sketch, edges get finer from cell to cell, and the face and the hands become clearer.',
  classic:
    'Two calls of two pictures: `batch_size: 2` and `n_iter: 2`, with the seeds that one job of the server would give. The high-res pass runs in the same call as the generation, so both share a cell.',
  restyle:
    'One photo, three variations. Only `width` is given, so the height follows from the photo. img2img has no high-res pass of its own; it becomes a second call, which draws at the larger size. There is no face in a harbour: the detailer says so, and the picture stays as it was.',
  inpaint:
    'Only what the mask covers is drawn anew, at 1024×1024 although the hole is smaller: `inpaint_full_res` zooms in on it. Every other pixel is the photo’s.',
  'flux-forge':
    'Flux runs on Forge: its encoders are `additional_modules`, which other servers do not have. The preset sets CFG 1, the distilled CFG and the schedule. At CFG 1 a negative prompt would be unused. (The sketch draws a sign, but it cannot spell.)',
}

/** The examples by name, the one to start with first. */
export function exampleNames() {
  const names = readdirSync(join(root, 'examples'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.replace(/\.yaml$/, ''))
  const first = Object.keys(words).filter((name) => names.includes(name))
  return [...first, ...names.filter((name) => !first.includes(name))]
}

/** A page for each example, and one that lists them: what it does, its contact sheet, its file and its plan.
 *  @param {RunCli} runCli
 *  @returns {Promise<Page[]>} */
export async function examplePages(runCli) {
  const examples = await Promise.all(exampleNames().map((name) => exampleOf(name, runCli)))
  const pages = examples.map((one) => ({
    path: `docs/examples/${one.name}.md`,
    text: examplePage(one),
  }))
  return [{ path: 'docs/examples/index.md', text: listPage(examples) }, ...pages]
}

/** @param {string} name
 *  @param {RunCli} runCli */
async function exampleOf(name, runCli) {
  const file = readFileSync(join(root, 'examples', `${name}.yaml`), 'utf8').replaceAll('\r\n', '\n')
  const [, does = ''] = /^# (.*)\n/.exec(file) ?? []
  return { name, file: file.trimEnd(), does, plan: await planOf(name, runCli) }
}

/** What the command prints.
 *  @param {string} name
 *  @param {RunCli} runCli */
async function planOf(name, runCli) {
  let printed = ''
  let problems = ''
  // Away from the runs of this machine: from those a plan tells how long it is going to take.
  const cwd = await mkdtemp(join(tmpdir(), 'stagewright-plan-'))
  const code = await runCli(['plan', join(root, 'examples', `${name}.yaml`)], {
    cwd,
    env: {},
    stdout: { write: (/** @type {string} */ text) => (printed += text) },
    stderr: { write: (/** @type {string} */ text) => (problems += text) },
  })
  await rm(cwd, { recursive: true })
  if (code !== 0) throw new Error(`examples/${name}.yaml has no plan: ${problems}`)
  return printed.trimEnd()
}

/** @typedef {Awaited<ReturnType<typeof exampleOf>>} Example */

/** @param {Example} example */
function examplePage({ name, does, file, plan }) {
  const picture = existsSync(join(root, 'docs/images', `${name}.webp`))
    ? [
        `![${/^sweep:/m.test(file) ? 'The grid: a cell a run' : 'The contact sheet: a row a picture, a cell a call'}](../images/${name}.webp)`,
      ]
    : []
  return page([
    `# ${name}.yaml`,
    `${does}.`,
    `\`\`\`sh\nnpm start -- examples/${name}.yaml\n\`\`\``,
    ...(name in words ? [words[name] ?? ''] : []),
    ...picture,
    ...(picture.length > 0
      ? ['Drawn, not diffused: the sheet of this file on the [built-in backend](../testing.md).']
      : []),
    '## The file',
    `\`\`\`yaml\n${file}\n\`\`\``,
    '## Its plan',
    `\`stagewright plan examples/${name}.yaml\` tells, without a call, what a run would do:`,
    `\`\`\`text\n${plan}\n\`\`\``,
    `Copy the file from [examples/${name}.yaml](../../examples/${name}.yaml). What its keys mean: [run files](../run-files/index.md).`,
  ])
}

/** @param {readonly Example[]} examples */
function listPage(examples) {
  return page([
    '# Examples',
    'Run files to start from. Each page shows what the file makes, the file, and its plan.',
    ...examples.flatMap(({ name, does }) => [`## [${name}.yaml](${name}.md)`, `${does}.`]),
  ])
}

/** @param {readonly string[]} blocks */
function page(blocks) {
  return `${blocks.join('\n\n')}\n`
}
