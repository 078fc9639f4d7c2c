import { sketch } from '@stagewright/backend-sketch'
import { fileImages } from '@stagewright/image-files'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { journeySuite } from '@stagewright/testkit'
import { afterAll, describe, it } from 'vitest'

const stages = { txt2img, img2img, refiner, upscale, adetailer }
const files = (root: string) => fileImages({ root })

journeySuite({ describe, it }, { title: 'journeys on FakePipeline', stages, files })

const drawn = sketch()
afterAll(() => drawn[Symbol.asyncDispose]())

journeySuite({ describe, it }, { title: 'journeys on sketch', stages, files, backend: () => drawn })
