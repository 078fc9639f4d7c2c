import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isPipelineError } from '@stagewright/core'
import { afterAll, describe, expect, test } from 'vitest'

import { readRun, RunStore } from '../src/index.js'
import { chain, chainCalls, Workplace } from './workplace.js'

/** A disk of its own, where the system lets us make one. */
const disk = mkdtempSync(join(tmpdir(), 'stagewright-disk-'))
const made =
  process.platform === 'linux' &&
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status === 0

afterAll(() => {
  // Lazily: the history's file is let go of when its memory is.
  if (made) spawnSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})

function fill(path: string): void {
  for (let size = 2 ** 20; size >= 1; size /= 2) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // No room for so much more: try half of it.
    }
  }
}

describe.skipIf(!made)('a disk that is full (skipped where no disk can be mounted)', () => {
  test('ends the run with what is done kept, and room lets it go on where it was', async () => {
    await using place = await Workplace.make()
    const filler = join(disk, 'filler')
    let finished = 0
    const store = new RunStore({
      root: join(disk, 'runs'),
      cache: false,
      onJournal: ({ type }) => {
        if (type === 'call_finished') finished += 1
        if (type === 'call_finished' && finished === 4) fill(filler)
      },
    })
    const error: unknown = await store
      .run(place.pipeline(), chain)
      .catch((thrown: unknown) => thrown)
    expect(isPipelineError(error) && [error.code, error.kind]).toEqual(['SW_STORE_DISK_FULL', 'io'])
    // The call that could not be kept, and none after it.
    expect(place.backend.made).toHaveLength(5)
    const [folder = ''] = await store.folders()
    const { events } = await readRun(folder)
    expect(events.filter(({ type }) => type === 'call_finished')).toHaveLength(4)

    rmSync(filler)
    place.backend.made.length = 0
    const result = await store.resume(place.pipeline(), folder)
    expect(result.status).toBe('done')
    expect(place.backend.made).toHaveLength(chainCalls - 4)
    expect((await readRun(folder)).status).toBe('done')
  })
})
