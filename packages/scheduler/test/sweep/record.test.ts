import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { sketch } from '@stagewright/backend-sketch'
import { createPipeline } from '@stagewright/core'
import { RunStore } from '@stagewright/run-store'
import { describe, expect, test } from 'vitest'

import { planSweep, readSweep, runSweep, sweep } from '../../src/index.js'
import { failure } from '../pool/servers.js'
import { place, plain, stages } from './workplace.js'

describe('sweep.json', () => {
  test('of a newer format is left alone, with what to do', async () => {
    const folder = await changed((record) => ({ ...record, v: 2 }))
    const error = await failure(readSweep(folder))
    expect([error.code, error.message]).toEqual([
      'SW_SWEEP_NEWER',
      `the sweep in ${folder} has format 2; this version reads up to 1`,
    ])
    expect(error.hint).toContain('update stagewright')
  })

  test.each(['v', 'name', 'created_at', 'base', 'axes', 'cells', 'order', 'options'])(
    'without its %s is refused by that name, with what to do',
    async (field) => {
      const folder = await changed((record) => ({ ...record, [field]: undefined }))
      const error = await failure(readSweep(folder))
      expect([error.code, error.message]).toEqual([
        'SW_SWEEP_NOT_A_SWEEP',
        `${folder} is not the folder of a sweep: its sweep.json has no proper ${field}`,
      ])
      expect(error.hint).toContain('run the file of the sweep again')
    },
  )
})

type Json = Readonly<Record<string, unknown>>

/** The folder of a sweep whose record was changed. */
async function changed(change: (record: Json) => Json): Promise<string> {
  const store = new RunStore({ root: await place() })
  await using backend = sketch()
  await using pipeline = createPipeline({ backend, stages })
  const plan = await planSweep(sweep(plain, { axes: { seed: 1 } }), { backend, stages })
  const { folder } = await runSweep(plan, { store, pipeline })
  const path = join(folder, 'sweep.json')
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Json)))
  return folder
}
