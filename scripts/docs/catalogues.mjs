/** Every catalogue of errors and notes, in the order of docs/errors.md; those of a stage under its name.
 *  @param {{ core: any, imageFiles: any, runStore: any, scheduler: any, cli: any, webui: any, stages: any }} modules
 *  @returns {Record<string, import('./pages.mjs').Catalogue>} */
export function catalogues({ core, imageFiles, runStore, scheduler, cli, webui, stages }) {
  return {
    core: { title: 'core', errors: core.errors, notes: core.notes },
    img2img: { title: 'img2img', errors: stages.img2imgErrors, notes: stages.img2imgNotes },
    refiner: { title: 'refiner', errors: stages.refinerErrors, notes: stages.refinerNotes },
    adetailer: { title: 'adetailer', notes: stages.adetailerNotes },
    image_files: { title: 'picture files', errors: imageFiles.errors },
    run_store: { title: 'kept runs', errors: runStore.errors },
    pool: { title: 'the pool', errors: scheduler.poolErrors },
    sweeps: {
      title: 'sweeps',
      errors: scheduler.sweepErrors,
      notes: scheduler.sweepNotes,
    },
    webui: { title: 'WebUI servers: the connection', errors: webui.connectionErrors },
    webui_answers: { title: 'WebUI servers: their answers', errors: webui.answerErrors },
    cli: { title: 'command line', errors: cli.errors },
  }
}
