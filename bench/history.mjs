// The history of 10,000 runs: made anew from their folders, listed, searched, and told of one more. Each folder is a copy
// of that of a real run of five stages, with a name, a time, a prompt and pictures of its own.
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import { sketch } from '@stagewright/backend-sketch'
import { createPipeline } from '@stagewright/core'
import { History, RunStore } from '@stagewright/run-store'
import { adetailer } from '@stagewright/stage-adetailer'
import { img2img } from '@stagewright/stage-img2img'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { upscale } from '@stagewright/stage-upscale'

import { interleaved, timed } from './measure.mjs'
import { ms, table, target } from './table.mjs'

const count = 10_000
const samples = 15

export async function benchHistory() {
  const root = mkdtempSync(join(tmpdir(), 'stagewright-bench-history-'))
  try {
    return await measure(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function measure(root) {
  const folder = await realRun(root)
  const files = ['run.json', 'journal.jsonl'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  rmSync(folder, { recursive: true })
  for (let i = 0; i < count; i++) copyRun(root, i, files)
  const history = new History({ root })
  const rebuild = await timed(() => history.rebuild())
  const { total } = await history.list({ limit: 1 })
  if (total !== count) throw new Error(`${total} runs are listed, not ${count}`)
  const list = (query) => async () => {
    const { runs } = await history.list(query)
    if (runs.length === 0) throw new Error('the query finds nothing')
  }
  const times = await interleaved(
    {
      'list all': list({}),
      'list a page of 50': list({ limit: 50 }),
      'search two words': list({ text: 'keeper w77', limit: 50 }),
      'list what was interrupted': list({ status: 'interrupted' }),
      'tell of one run': () => history.indexRun(join(root, nameOf(0))),
    },
    { samples, warmUp: 2 },
  )
  history.close()
  const rows = Object.entries({ 'make anew from the folders': rebuild, ...times })
  return {
    times: { rebuild, ...times },
    targets: [target(`all of ${count} runs listed`, times['list all'], 100, 'ms')],
    text: table(
      `history of ${count} runs (medians of ${samples}; made anew once)`,
      ['case', 'ms'],
      rows.map(([name, value]) => [name, ms(value)]),
    ),
  }
}

/** @returns the folder of a run of the whole chain, two pictures */
async function realRun(root) {
  const stages = [txt2img, img2img, refiner, upscale, adetailer]
  const pipeline = createPipeline({ backend: sketch(), stages })
  const config = {
    prompt: 'portrait of a keeper, a lighthouse behind, WORDS, storm, oil on canvas',
    negative_prompt: 'blurry, lowres, extra fingers',
    seed: 7,
    width: 64,
    height: 64,
    steps: 4,
    batch_size: 2,
    txt2img: {},
    refiner: { hr_strategy: 'own', enable_hr: true, hr_scale: 1.5, hr_upscaler: 'Lanczos' },
    upscale: { upscaler_1: 'Lanczos', upscaling_resize: 1.5 },
    adetailer: { units: [{ ad_model: 'face_yolov8n.pt' }] },
  }
  const { folder } = await new RunStore({ root }).run(pipeline, config)
  return folder
}

/** One in a hundred was killed. */
function copyRun(root, i, [record, journal]) {
  const folder = join(root, nameOf(i))
  const id = createHash('sha256').update(String(i)).digest('hex')
  const own = (text) =>
    text
      .replaceAll(/"digest":"[0-9a-f]{16}/g, (start) => start.slice(0, -16) + id.slice(0, 16))
      .replaceAll('WORDS', `w${i % 100} w${i % 7}`)
      .replace(/"run_id": ?"[^"]*"/, `"run_id":"${id.slice(0, 36)}"`)
      .replace(/"created_at": ?"[^"]*"/, `"created_at":"${new Date(i * 60_000).toISOString()}"`)
  const lines = journal.trimEnd().split('\n')
  const kept = i % 100 === 0 ? lines.slice(0, -1) : lines
  mkdirSync(folder)
  writeFileSync(join(folder, 'run.json'), own(record))
  writeFileSync(join(folder, 'journal.jsonl'), kept.map((line) => summed(own(line))).join(''))
}

function nameOf(i) {
  return `${String(i).padStart(6, '0')}-keeper`
}

/** The line with its checksum anew. */
function summed(line) {
  const text = line.replace(/,"sum":"[0-9a-f]{8}"\}$/, '}')
  return `${text.slice(0, -1)},"sum":"${crc32(text).toString(16).padStart(8, '0')}"}\n`
}
