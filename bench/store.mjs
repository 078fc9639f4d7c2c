// What keeping a run costs: a stage of four calls that each give a picture of 1024² at once, with a store and without,
// beside writing the same bytes plainly; both sides synced. And a whole chain that is answered from what is kept.
import { randomFillSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { sketch } from '@stagewright/backend-sketch'
import { coreCapabilities, createPipeline, stageImage } from '@stagewright/core'
import { RunStore } from '@stagewright/run-store'
import { adetailer } from '@stagewright/stage-adetailer'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

import { interleaved } from './measure.mjs'
import { ms, table, target } from './table.mjs'

const samples = 11
const warmUp = 2
const pictures = 4
/** A PNG of 1024² as measured. */
const pictureBytes = 1_550_000

export async function benchStore() {
  const root = mkdtempSync(join(tmpdir(), 'stagewright-bench-store-'))
  try {
    return await measure(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measure(root) {
  const store = new RunStore({ root: join(root, 'runs') })
  const backend = instant()
  const pipeline = createPipeline({ backend, stages: [upscale] })
  const config = { upscale: { upscaler_1: 'Lanczos', upscaling_resize: 2 } }
  const given = Array.from({ length: pictures }, (_, i) =>
    stageImage(png(64, 64, 4096), { seed: i }),
  )
  let files = 0
  // Made before: making them is no part of keeping them.
  const pool = Array.from({ length: (samples + warmUp) * 3 }, () =>
    Array.from({ length: pictures }, () => png(1024, 1024, pictureBytes)),
  )
  const fresh = () => backend.load(pool.pop())
  const kept = await wholeChain(join(root, 'chain'))
  const times = await interleaved(
    {
      'written plainly': async () => {
        for (const bytes of fresh()) await writePlainly(join(root, `${files++}.png`), bytes)
      },
      'run without a store': async () => {
        fresh()
        await pipeline.reprocess(given, config)
      },
      'run with a store': async () => {
        fresh()
        const run = await store.begin({ config })
        const result = await pipeline.reprocess(given, config, run.options)
        await run.end(result)
      },
      'whole chain, all of it kept': kept,
    },
    { samples, warmUp },
  )
  const cost = times['run with a store'] - times['run without a store']
  return {
    times,
    targets: [
      target('keeping a stage beside writing it plainly', cost / times['written plainly'], 1.5, ''),
      target(
        'a whole chain of 4 pictures, all kept',
        times['whole chain, all of it kept'],
        150,
        'ms',
      ),
    ],
    text: table(
      `store: a stage of ${pictures} pictures of ${(pictureBytes / 1e6).toFixed(2)} MB (medians of ${samples})`,
      ['case', 'ms'],
      Object.entries(times).map(([name, value]) => [name, ms(value)]),
    ),
  }
}

/** Answers each call at once, with a picture that nobody has seen before. */
function instant() {
  let ready = []
  return {
    kind: 'instant',
    describe: () => Promise.resolve({ ...coreCapabilities, resources: { upscaler: 'any' } }),
    load: (some) => {
      ready = [...some]
      return some
    },
    call: () => Promise.resolve({ images: [stageImage(ready.pop(), { seed: 1 })] }),
  }
}

/** Four pictures through 14 calls, drawn once.
 *  @returns what runs it again */
async function wholeChain(root) {
  const store = new RunStore({ root })
  const pipeline = createPipeline({
    backend: sketch(),
    stages: [txt2img, refiner, upscale, adetailer],
  })
  const config = {
    prompt: 'portrait of a keeper, a lighthouse behind',
    seed: 7,
    width: 512,
    height: 512,
    batch_size: 2,
    n_iter: 2,
    txt2img: {},
    refiner: { hr_strategy: 'own', enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos' },
    upscale: { upscaler_1: 'Lanczos', upscaling_resize: 1.5 },
    adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] },
  }
  await store.run(pipeline, config)
  return async () => {
    const { stages } = await store.run(pipeline, config)
    if (stages.some(({ calls }) => calls.some(({ kept }) => !kept)))
      throw new Error('a call was made again')
  }
}

async function writePlainly(path, bytes) {
  const file = await open(path, 'w')
  await file.writeFile(bytes)
  await file.sync()
  await file.close()
}

/** A PNG whose pixels are noise of so many bytes: nothing here decodes them. */
function png(width, height, length) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', randomFillSync(Buffer.alloc(length))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type, data) {
  const whole = Buffer.alloc(data.length + 12)
  whole.writeUInt32BE(data.length, 0)
  whole.write(type, 4, 'latin1')
  whole.set(data, 8)
  whole.writeUInt32BE(crc32(whole.subarray(4, data.length + 8)), data.length + 8)
  return whole
}
