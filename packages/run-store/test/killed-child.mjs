// A run in a process of its own, which is killed at the given line of its journal:
// node killed-child.mjs <server> <root> <line>. Prints `done` when it comes to its end.
import process from 'node:process'

import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { RunStore } from '@stagewright/run-store'
import { adetailer } from '@stagewright/stage-adetailer'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

import { chain } from './killed-chain.mjs'

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
const pipeline = createPipeline({ backend, stages: [txt2img, refiner, upscale, adetailer] })
await store.run(pipeline, chain)
process.stdout.write('done\n')
