import { readFile } from 'node:fs/promises'

import { buildPipelinePlan } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { configTable, positionTable, replaceGenerated } from '@stagewright/testkit'
import { expect, it } from 'vitest'

import { removeBackground } from '../src/index.js'

it('describes every key and the position of the stage as they are', async () => {
  const file = new URL('../README.md', import.meta.url)
  const plan = buildPipelinePlan({ prompt: 'a', txt2img: {}, acme_background: {} }, [
    txt2img,
    removeBackground,
  ])
  const text = await readFile(file, 'utf8')
  const position = replaceGenerated(text, 'position', positionTable(removeBackground, [plan]))
  await expect(
    replaceGenerated(position, 'config', configTable(removeBackground)),
  ).toMatchFileSnapshot(file.pathname)
})
