import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'

import { sketch } from '@stagewright/backend-sketch'
import { createPipeline } from '@stagewright/core'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import { assertChained, assertRequest, FakePipeline } from '@stagewright/testkit'
import { describe, it } from 'vitest'

import { readmeWith } from '../scripts/readme.mjs'
import { myStage } from '../src/index.js'

const run = {
  prompt: 'a lighthouse',
  seed: 7,
  txt2img: { width: 64, height: 64, steps: 4, batch_size: 2 },
  my_stage: { strength: 0.3, add_to_prompt: 'film grain' },
}

describe('my_stage', () => {
  it('redraws every picture between generation and upscaling', async () => {
    const fake = new FakePipeline({ stages: [upscale, myStage, txt2img] })
    const { stages } = await fake.run({ ...run, upscale: { upscaler_1: 'Lanczos' } })
    assert.deepEqual(
      stages.map(({ name }) => name),
      ['txt2img', 'my_stage', 'upscale'],
    )
    assertChained(fake.calls)
  })

  it('asks for the picture again with its own settings, and adds to the prompt', async () => {
    const fake = new FakePipeline({ stages: [txt2img, myStage] })
    await fake.run(run)
    const [, first, second, ...more] = fake.calls
    assert.equal(more.length, 0)
    assertRequest(first, { prompt: 'a lighthouse, film grain', denoising_strength: 0.3, seed: 7 })
    assertRequest(second, { seed: 8 })
  })

  it('changes the pixels, on a backend that really draws', async () => {
    await using backend = sketch()
    const { my_stage: _, ...plain } = run
    const [before, after] = await Promise.all([
      createPipeline({ backend, stages: [txt2img] }).run(plain),
      createPipeline({ backend, stages: [txt2img, myStage] }).run(run),
    ])
    assert.deepEqual(
      after.images.map(({ width, height, seed }) => [width, height, seed]),
      before.images.map(({ width, height, seed }) => [width, height, seed]),
    )
    for (const [i, image] of after.images.entries())
      assert.notEqual(image.digest, before.images[i]?.digest)
  })
})

describe('README.md', () => {
  it('tells the fields that the stage has: npm run docs writes them anew', async () => {
    const path = new URL('../README.md', import.meta.url)
    const text = await readFile(path, 'utf8')
    assert.equal(text, await readmeWith(text, myStage))
  })
})
