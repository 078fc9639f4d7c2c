import { errorTable, noteTable } from './catalogue.mjs'

/** @typedef {import('./catalogue.mjs').Factories} Factories
 *  @typedef {{ title: string, errors?: Factories, notes?: Factories }} Catalogue
 *  @typedef {{ stages: readonly any[], catalogues: Readonly<Record<string, Catalogue>>, core: any,
 *    testkit: any, webui: any }} Modules
 *  @typedef {{ path: string, parts: Readonly<Record<string, string>> }} Page */

/** What the stages are documented with: plans in which each does all that it can.
 *  @type {readonly object[]} */
const samples = [
  { prompt: 'a', txt2img: {}, refiner: hires('auto') },
  { prompt: 'a', txt2img: {}, img2img: {}, refiner: hires('own'), ...rest() },
]

/** Every page with generated parts, and what stands in each.
 *  @param {Modules} modules
 *  @returns {Page[]} */
export function pagesOf({ stages, catalogues, core, testkit, webui }) {
  const { configTable, markdownTable, positionTable } = testkit
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
  return [
    ...readmes,
    { path: 'docs/errors.md', parts: errorsPage(markdownTable, catalogues) },
    { path: 'docs/servers.md', parts: { support: webui.supportMarkdown().trim() } },
  ]
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
