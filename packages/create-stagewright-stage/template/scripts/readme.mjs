// Writes the generated parts of README.md from the stage itself: npm run docs.
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import { txt2img } from '@stagewright/stage-txt2img'
import { configTable, FakePipeline, positionTable, replaceGenerated } from '@stagewright/testkit'

/** The text of a README with its tables as the stage has them now.
 *  @param {string} text
 *  @param {import('@stagewright/core').Stage} stage */
export async function readmeWith(text, stage) {
  const fake = new FakePipeline({ stages: [txt2img, stage] })
  const plan = await fake.plan({ prompt: 'a lighthouse', txt2img: {}, [stage.name]: {} })
  const withPosition = replaceGenerated(text, 'position', positionTable(stage, [plan]))
  return replaceGenerated(withPosition, 'config', configTable(stage))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { myStage } = await import('../dist/index.js')
  const readme = new URL('../README.md', import.meta.url)
  await writeFile(readme, await readmeWith(await readFile(readme, 'utf8'), myStage))
}
