import { readFile } from 'node:fs/promises'

import { buildPipelinePlan, coreCapabilities } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { configTable, positionTable, replaceGenerated } from '@stagewright/testkit'
import { expect, it } from 'vitest'

import { ControlNet, controlnet } from '../src/index.js'

it('describes every key and the position of the stage as they are', async () => {
  const file = new URL('../README.md', import.meta.url)
  const units = [{ image: 'pose.png', model: 'openpose' }]
  const capabilities = { ...coreCapabilities, slots: [ControlNet.name] }
  const config = { prompt: 'a', txt2img: {}, acme_controlnet: { units } }
  const plan = buildPipelinePlan(config, [txt2img, controlnet], { capabilities })
  const text = await readFile(file, 'utf8')
  const position = replaceGenerated(
    text,
    'position',
    positionTable(controlnet, [plan], [ControlNet]),
  )
  await expect(replaceGenerated(position, 'config', configTable(controlnet))).toMatchFileSnapshot(
    file.pathname,
  )
})
