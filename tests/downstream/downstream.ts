// What a repository that uses the published packages does with them: scripts/packing/downstream.mjs copies this folder
// out of the workspace, installs the packed packages with npm, type-checks it, and runs it with node's test runner.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { describe, it, test } from 'node:test'

import { sketch } from '@stagewright/backend-sketch'
import { webui } from '@stagewright/backend-webui'
import { createPipeline, isPipelineError } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'
import {
  assertAdetailerLast,
  assertChained,
  FakePipeline,
  stageContract,
} from '@stagewright/testkit'

import { plugins } from './plugins.js'
import { posterize } from './posterize.js'

const ours = [adetailer, upscale, refiner, img2img, txt2img] as const
const config = {
  prompt: 'a lighthouse keeper',
  seed: 7,
  txt2img: { batch_size: 2, width: 256, height: 256 },
  refiner: { enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Latent' },
  upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 },
  adetailer: { units: [{ name: 'face', ad_model: 'face_yolov8n.pt' }] },
}
const order = 'txt2img, refiner, upscale'
const sharpen = plugins.find(({ name }) => name === 'acme_sharpen')

void test('our stages and one of its own run in their order, and every picture arrives', async () => {
  const fake = new FakePipeline({ stages: [...ours, posterize] })
  const result = await fake.run({ ...config, acme_posterize: { levels: 4 } })
  const { status, images, stages } = result
  assert.equal(status, 'done')
  assert.equal(stages.map(({ name }) => name).join(', '), `${order}, acme_posterize, adetailer`)
  assert.deepEqual(
    images.map(({ width, height, seed }) => [width, height, seed]),
    [
      [768, 768, 7],
      [768, 768, 8],
    ],
  )
  assertAdetailerLast(result)
  assertChained(fake.calls.filter(({ stage }) => stage === 'txt2img' || stage === 'upscale'))
})

void test('the type of the config follows from the stages', async () => {
  const fake = new FakePipeline({ stages: [txt2img, posterize] })
  // @ts-expect-error upscale is not one of its stages
  const refused = fake.run({ prompt: 'a', txt2img: {}, upscale: { upscaler_1: 'Lanczos' } })
  await assert.rejects(refused, (error) => isPipelineError(error) && error.kind === 'config')
  // @ts-expect-error levels is a number
  const wrong = fake.run({ prompt: 'a', txt2img: {}, acme_posterize: { levels: 'many' } })
  await assert.rejects(wrong, (error) => isPipelineError(error) && error.kind === 'config')
})

stageContract({ describe, it }, { stage: posterize, config: { levels: 4 } })

if (sharpen !== undefined)
  stageContract({ describe, it }, { stage: sharpen, config: { sigma: 1.2, amount: 3 } })

void test(
  'an example plugin runs between our stages',
  { skip: sharpen === undefined },
  async () => {
    const fake = new FakePipeline({ stages: [...ours, posterize, ...plugins] })
    const sections = { acme_posterize: { levels: 4 }, acme_sharpen: { sigma: 1.2 } }
    const result = await fake.run({ ...config, ...sections })
    const ran = result.stages.map(({ name }) => name).join(', ')
    assert.equal(ran, `${order}, acme_posterize, acme_sharpen, adetailer`)
    const way = 'txt2img refiner upscale acme_posterize acme_sharpen adetailer:face'
    for (const { lineage } of result.images) assert.equal(lineage.join(' '), way)
    const refused = fake.run({ ...config, acme_sharpen: { sigma: 'wide' } })
    await assert.rejects(refused, (error) => isPipelineError(error) && error.kind === 'config')
  },
)

void test('the same stages run on a server, over HTTP', async () => {
  await using server = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
  await using backend = webui({ url: server.url })
  await using pipeline = createPipeline({ backend, stages: [...ours, posterize] })
  const { images } = await pipeline.run({
    ...config,
    refiner: { ...config.refiner, hr_upscaler: 'Latent', denoising_strength: 0.6 },
    acme_posterize: {},
  })
  const made = images.map(({ width, height, lineage }) => [width, height, lineage.join(' ')])
  const way = 'txt2img refiner upscale acme_posterize adetailer:face'
  assert.deepEqual(made, [
    [768, 768, way],
    [768, 768, way],
  ])
  assert.deepEqual(server.ignored, [])
})

void test('the same stages draw with no server, in real pixels', async () => {
  await using backend = sketch()
  await using pipeline = createPipeline({ backend, stages: [...ours, posterize] })
  const run = { ...config, adetailer: { ...config.adetailer, enabled: false } }
  const { images } = await pipeline.run({ ...run, acme_posterize: { levels: 4 } })
  assert.equal(images.length, 2)
  for (const image of images) {
    const bytes = Buffer.from(await image.bytes())
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [768, 768])
    assert.ok(bytes.includes('posterized to 4 levels'))
  }
})

void test('the installed command makes a run from a file', () => {
  const command = 'node_modules/@stagewright/cli/bin/stagewright.js'
  const stagewright = (...args: string[]) =>
    execFileSync(process.execPath, [command, ...args], { encoding: 'utf8' })
  stagewright('run', 'run.yaml', '--out', 'made')
  const folder = readdirSync('made').find((name) => name.endsWith('-run')) ?? ''
  assert.deepEqual(readdirSync(join('made', folder, 'final')), ['01-s7.png', '02-s8.png'])
})
