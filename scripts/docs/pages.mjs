import { apiPages } from './api.mjs'
import { errorTable, noteTable } from './catalogue.mjs'
import { examplePages } from './examples.mjs'
import { readmeOf, runFilePages } from './run-files.mjs'

/** @typedef {import('./catalogue.mjs').Factories} Factories
 *  @typedef {{ title: string, errors?: Factories, notes?: Factories }} Catalogue
 *  @typedef {{ stages: readonly any[], catalogues: Readonly<Record<string, Catalogue>>, core: any,
 *    testkit: any, webui: any, runCli: import('./examples.mjs').RunCli }} Modules
 *  @typedef {{ path: string, parts: Readonly<Record<string, string>> } | { path: string, text: string }} Page
 *    a page of which some parts are written, or the whole */

/** What the stages are documented with: plans in which each does all that it can.
 *  @type {readonly object[]} */
const samples = [
  { prompt: 'a', txt2img: {}, refiner: hires('auto') },
  { prompt: 'a', txt2img: {}, img2img: {}, refiner: hires('own'), ...rest() },
]

/** Folders of which every page is generated but their first one, which may be written by hand. */
export const generatedFolders = ['docs/api', 'docs/examples', 'docs/run-files']

/** Every page with generated parts, and what stands in each.
 *  @param {Modules} modules
 *  @returns {Promise<Page[]>} */
export async function pagesOf({ stages, catalogues, core, testkit, webui, runCli }) {
  const { configTable, markdownTable, positionTable, replaceGenerated } = testkit
  const plans = samples.map((config) => core.buildPipelinePlan(config, stages))
  const readmes = stages.map((stage) => {
    const { errors = {}, notes = {} } = catalogues[stage.name] ?? {}
    return {
      path: `packages/stage-${stage.name}/README.md`,
      parts: {
        position: positionTable(stage, plans),
        config: configTable(stage),
        ...(Object.keys(errors).length > 0 ? { errors: errorTable(markdownTable, errors) } : {}),
        ...(Object.keys(notes).length > 0 ? { notes: noteTable(markdownTable, notes) } : {}),
      },
    }
  })
  const texts = readmes.map(({ parts }, at) => {
    const { name } = stages[at]
    return /** @type {const} */ ([name, replaceAll(readmeOf(name), parts, replaceGenerated)])
  })
  return [
    ...readmes,
    { path: 'docs/errors.md', parts: errorsPage(markdownTable, catalogues) },
    { path: 'docs/servers.md', parts: { support: webui.supportMarkdown().trim() } },
    ...runFilePages({ stages, core, testkit }, new Map(texts)),
    ...(await examplePages(runCli)),
    ...apiPages(markdownTable),
  ]
}

/** The text with all of its generated parts anew.
 *  @param {string} text
 *  @param {Readonly<Record<string, string>>} parts
 *  @param {(text: string, name: string, body: string) => string} replaceGenerated */
export function replaceAll(text, parts, replaceGenerated) {
  return Object.entries(parts).reduce(
    (before, [name, body]) => replaceGenerated(before, name, body),
    text,
  )
}

/** @param {import('./catalogue.mjs').Table} table
 *  @param {Modules['catalogues']} catalogues */
function errorsPage(table, catalogues) {
  const sections = (
    /** @type {'errors' | 'notes'} */ which,
    /** @type {typeof errorTable} */ render,
  ) =>
    Object.values(catalogues)
      .flatMap(({ title, [which]: factories }) =>
        factories === undefined ? [] : [`### ${title}\n\n${render(table, factories)}`],
      )
      .join('\n\n')
  return { errors: sections('errors', errorTable), notes: sections('notes', noteTable) }
}

/** @param {string} hr_strategy */
function hires(hr_strategy) {
  const model = { refiner_enabled: true, refiner_model_name: 'b' }
  return { ...model, enable_hr: true, hr_upscaler: 'Lanczos', hr_strategy }
}

function rest() {
  const adetailer = { units: [{ ad_model: 'face_yolov8n.pt' }] }
  return { upscale: { upscaler_1: 'Lanczos' }, adetailer }
}
