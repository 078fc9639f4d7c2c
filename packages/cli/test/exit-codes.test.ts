import { type Backend, errors } from '@stagewright/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { paintBackend, Workplace } from './support.js'

const small = `
prompt: "a lighthouse keeper"
seed: 41
width: 128
height: 192
steps: 4
txt2img:
`

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

describe('exit codes', () => {
  test('a backend that is not there ends with 3, and leaves no folder', async () => {
    await place.put('small.yaml', small)
    const gone: Backend = {
      ...paintBackend(),
      describe: () => Promise.reject(new Error('connection refused')),
    }
    const ended = await withBackend(gone)
    expect([ended.code, ended.err.split(':')[0]]).toEqual([3, 'SW_PREFLIGHT_DESCRIBE'])
    expect(await place.files('out')).toEqual([])
  })

  test('a stage that fails ends with 4, and what was made before it is kept', async () => {
    await place.put('up.yaml', `${small}upscale: { upscaler_1: Lanczos }\n`)
    const backend = paintBackend(({ operation, next }) =>
      operation === 'upscale' ? Promise.reject(new Error('out of memory')) : next(),
    )
    const ended = await withBackend(backend, ['run', 'up.yaml', '--json', '--quiet'])
    expect(ended.code).toBe(4)
    expect(ended.lines.at(-1)).toMatchObject({
      type: 'run-finished',
      status: 'failed',
      images: [],
      error: { code: 'SW_BACKEND_FAILED', kind: 'backend' },
      unfinished: [{ stage: 'upscale' }],
    })
    expect((await place.files('out')).map((name) => name.replace(/^[^/]*\//, ''))).toEqual([
      'contact-sheet.png',
      'journal.jsonl',
      'run.json',
      'run.yaml',
      'stages/1-txt2img/01-s41.png',
      'unfinished/01-upscale-s41.png',
    ])
  })

  test('a run whose first call fails leaves run.yaml alone, and says that no picture was made', async () => {
    await place.put('small.yaml', small)
    const ended = await withBackend(paintBackend(() => Promise.reject(new Error('no memory'))))
    expect([ended.code, ended.out]).toEqual([4, expect.stringContaining('no picture was made')])
    expect(ended.out).not.toContain('stages  ')
    expect((await place.files('out')).map((name) => name.split('/')[1])).toEqual([
      'journal.jsonl',
      'run.json',
      'run.yaml',
    ])
  })

  test('a picture that fails makes the run partial: 4, with the others in final', async () => {
    await place.put('small.yaml', small)
    const backend = paintBackend(({ call, next }) =>
      call === 2 ? Promise.reject(new Error('a hiccup')) : next(),
    )
    const ended = await withBackend(backend, ['run', 'small.yaml', '--count', '3'])
    expect(ended.code).toBe(4)
    expect(ended.out).toContain('partly done: 2 pictures')
    expect(await place.files('out')).toHaveLength(8)
  })

  test('a cancelled run ends with 130, and keeps what is finished', async () => {
    await place.put('small.yaml', small)
    const cancel = new AbortController()
    const backend = paintBackend(({ call, next }) => {
      if (call === 2) cancel.abort()
      return next()
    })
    const argv = ['run', 'small.yaml', '--count', '5', '--json', '--quiet']
    const ended = await withBackend(backend, argv, cancel.signal)
    expect(ended.code).toBe(130)
    expect(ended.lines.at(-1)).toMatchObject({
      status: 'cancelled',
      error: { code: 'SW_RUN_CANCELLED', kind: 'aborted' },
    })
    expect((await place.files('out')).some((name) => name.includes('/unfinished/01-'))).toBe(true)
  })

  test('an out folder that cannot be written ends with 1, before the first call', async () => {
    await place.put('small.yaml', small)
    await place.put('taken', 'a file')
    let called = false
    const backend = paintBackend(({ next }) => {
      called = true
      return next()
    })
    const ended = await withBackend(backend, ['run', 'small.yaml', '--out', 'taken'])
    expect([ended.code, ended.err.split(':')[0], called]).toEqual([
      1,
      'SW_STORE_WRITE_FAILED',
      false,
    ])
  })

  test('notes are errors with --strict: 2, before the first call', async () => {
    await place.put('idle.yaml', `${small}refiner: { hr_scale: 2 }\n`)
    expect((await place.cli(['plan', 'idle.yaml'])).code).toBe(0)
    const ended = await place.cli(['run', 'idle.yaml', '--strict'])
    expect([ended.code, ended.err.split(':')[0]]).toEqual([2, 'SW_PLAN_STRICT'])
    expect(ended.err).toContain('SW_NOTE_SECTION_IDLE')
  })

  test('a failure shows no stack unless --debug', async () => {
    await place.put('small.yaml', small)
    const backend = () => paintBackend(() => Promise.reject(errors.SW_RUN_DISPOSED({})))
    expect((await withBackend(backend())).err).not.toContain('    at ')
    expect((await withBackend(backend(), ['run', 'small.yaml', '--debug'])).err).toContain(
      '    at ',
    )
  })

  function withBackend(
    backend: Backend,
    argv: readonly string[] = ['run', 'small.yaml'],
    signal?: AbortSignal,
  ) {
    return place.cli(argv, { backends: { paint: () => Promise.resolve(backend) }, signal })
  }
})
