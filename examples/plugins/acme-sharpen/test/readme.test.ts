import { readFile } from 'node:fs/promises'

import { buildPipelinePlan } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { configTable, positionTable, replaceGenerated } from '@stagewright/testkit'
import { expect, it } from 'vitest'

import { sharpen } from '../src/index.js'

it('describes every key and the position of the stage as they are', async () => {
  const file = new URL('../README.md', import.meta.url)
  const plan = buildPipelinePlan({ prompt: 'a', txt2img: {}, acme_sharpen: {} }, [txt2img, sharpen])
  const text = await readFile(file, 'utf8')
  const position = replaceGenerated(text, 'position', positionTable(sharpen, [plan]))
  await expect(replaceGenerated(position, 'config', configTable(sharpen))).toMatchFileSnapshot(
    file.pathname,
  )
})
