import { sketch } from '@stagewright/backend-sketch'
import { createPipeline } from '@stagewright/core'
import { adetailer } from '@stagewright/stage-adetailer'
import { txt2img } from '@stagewright/stage-txt2img'

const pipeline = createPipeline({ backend: sketch(), stages: [txt2img, adetailer] })
await pipeline.run({ prompt: 'a pier', txt2img: {}, upscale: { upscaler_1: 'Lanczos' } })
