import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { isPipelineError, operation, Txt2Img } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import * as entry from '../src/index.js'
import { backend, context, fisherman } from './ask.js'

const request = {
  prompt: fisherman,
  negative_prompt: '',
  sampler_name: 'Euler',
  scheduler: 'Simple',
  steps: 10,
  cfg_scale: 7,
  width: 256,
  height: 256,
  seed: 1,
  subseed: 0,
  subseed_strength: 0,
  batch_size: 4,
}

describe('the sketch backend', () => {
  it('exports these names and no others', () => {
    expect(Object.keys(entry).toSorted()).toEqual(['draw', 'sketch'])
  })

  it('describes itself as plain data', async () => {
    const described = await backend.describe()
    expect(JSON.parse(JSON.stringify(described))).toEqual(described)
    expect(described).toMatchObject({
      operations: ['txt2img', 'img2img', 'upscale', 'detail'],
      slots: ['hires', 'refiner'],
      grid: { multiple: 8, round: 'down' },
    })
    expect(described.resources).toMatchObject({
      model: 'any',
      lora: 'any',
      detector: 'any',
      hires_upscaler: 'any',
    })
  })

  it('refuses an operation it does not have', async () => {
    const failed = await backend
      .call(operation<object>('acme_blur'), {}, context())
      .catch((error: unknown) => error)
    expect(isPipelineError(failed) && [failed.code, failed.details]).toEqual([
      'SW_BACKEND_UNSUPPORTED',
      { backend: 'sketch', what: 'the operation "acme_blur"' },
    ])
  })

  it('reports progress from 0 to 1 that never falls back', async () => {
    const told: number[] = []
    await backend.call(
      Txt2Img,
      request,
      context([], { progress: (fraction) => told.push(fraction) }),
    )
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.length).toBeGreaterThan(4)
    expect(told.at(-1)).toBe(1)
  })

  it('stops when its call is aborted', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const call = backend.call(
      Txt2Img,
      request,
      context([], { signal: controller.signal, progress: () => controller.abort(reason) }),
    )
    await expect(call).rejects.toBe(reason)
    await expect(
      backend.call(Txt2Img, request, context([], { signal: controller.signal })),
    ).rejects.toBe(reason)
  })
})

// What is built draws in worker threads; `npm test` builds before it tests.
const built = new URL('../dist/index.js', import.meta.url)
describe.runIf(existsSync(fileURLToPath(built)))('the built package', () => {
  const run = (program: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
  const start = `import { sketch } from ${JSON.stringify(built.href)}
    const request = ${JSON.stringify(request)}
    const context = { id: 'a call', stage: 'x', contributions: [], progress: () => {}, signal: new AbortController().signal }
    const backend = sketch()
    const draw = (over) => backend.call({ name: 'txt2img' }, request, { ...context, ...over })`

  it('draws the same pictures in its workers, and lets the process end by itself', async () => {
    const { images } = await backend.call(Txt2Img, request, context())
    const { stdout } = await run(`${start}
      console.log((await draw()).images.map(({ digest }) => digest).join())`)
    expect(stdout.trim()).toBe(images.map(({ digest }) => digest).join())
  })

  it('gives up aborted calls, goes on with later ones, and can be disposed', async () => {
    const { stdout } = await run(`${start}
      const controller = new AbortController()
      const stopped = draw({ signal: controller.signal, progress: () => controller.abort(new Error('enough')) })
      await stopped.catch((error) => console.log(error.message))
      console.log((await draw()).images.length)
      await backend[Symbol.asyncDispose]()
      await draw().catch((error) => console.log(error.message))`)
    expect(stdout.trim().split('\n')).toEqual([
      'enough',
      '4',
      'this sketch backend has been disposed',
    ])
  })
})
