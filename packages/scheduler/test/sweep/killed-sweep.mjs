// A sweep in a process of its own, which is killed at the given line of its journals:
// node killed-sweep.mjs <server> <root> <line>
import process from 'node:process'

import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { RunStore } from '@stagewright/run-store'
import { planSweep, runSweep, sweep } from '@stagewright/scheduler'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'

const [url, root, line] = process.argv.slice(2)
let lines = 0
const store = new RunStore({
  root,
  onJournal: () => {
    lines += 1
    if (lines === Number(line)) process.kill(process.pid, 'SIGKILL')
  },
})
const backend = webui({ url, pollInterval: 20 })
const stages = [txt2img, refiner]
const config = {
  prompt: 'a {red|blue|green|white} lighthouse',
  seed: 7,
  width: 64,
  height: 64,
  steps: 2,
  txt2img: {},
  refiner: { enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos', denoising_strength: 0.3 },
}
const swept = sweep(config, {
  axes: { 'refiner.hr_scale': [1.25, 1.5, 2], seed: '1..2' },
  share: true,
})
const plan = await planSweep(swept, { backend, stages })
await runSweep(plan, { store, backend, pipeline: createPipeline({ backend, stages }) })
