import {
  type Backend,
  type CallContext,
  type CallResult,
  errors,
  Img2Img,
  Refiner,
  type StageImage,
  Txt2Img,
} from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { backendClauses, backendContract, fakeBackend, fakePicture } from '../src/index.js'
import { collect } from './collect.js'

type Answer = (
  operation: string,
  request: Readonly<Record<string, unknown>>,
  ctx: CallContext,
  next: (changes?: object, ctx?: CallContext) => Promise<CallResult>,
) => Promise<CallResult>

/** The fake backend with its answers bent. */
function bent(answer: Answer, parts: Partial<Backend> = {}): Backend {
  const straight = fakeBackend()
  return {
    ...straight,
    call: (operation, request, ctx) =>
      answer(operation.name, request as never, ctx, (changes, other = ctx) =>
        straight.call(operation, { ...request, ...changes }, other),
      ),
    ...parts,
  }
}

function withImages(result: CallResult, change: (image: StageImage) => StageImage): CallResult {
  return { ...result, images: result.images.map(change) }
}

/** By clause, a backend that breaks it. */
const mutants: Readonly<Record<string, () => Backend>> = {
  'backend/capabilities/data': () => {
    const straight = fakeBackend()
    let asked = 0
    return {
      ...straight,
      describe: async () => ({ ...(await straight.describe()), maxSeed: (asked += 1) }),
    }
  },
  'backend/capabilities/operations': () => {
    const straight = fakeBackend({ operations: ['acme_glow'] })
    return {
      ...straight,
      call: (operation, request, ctx) =>
        operation.name === 'acme_glow'
          ? Promise.reject(errors.SW_BACKEND_UNSUPPORTED({ backend: 'mutant', what: 'glowing' }))
          : straight.call(operation, request, ctx),
    }
  },
  'backend/capabilities/refuses': () =>
    bent((operation, _request, ctx, next) => {
      if (operation !== 'contract_no_such_operation') return next()
      const image = fakePicture({
        width: 64,
        height: 96,
        story: { operation, seed: 1, effects: [ctx.stage], from: [], ancestors: [], request: '' },
      })
      return Promise.resolve({ images: [image] })
    }),
  'backend/slots/honoured': () =>
    bent((operation, _request, ctx, next) => {
      const deaf = Refiner.on.includes(operation)
      const contributions = ctx.contributions.filter(({ slot }) => !deaf || slot !== Refiner.name)
      return next({}, { ...ctx, contributions })
    }),
  'backend/slots/refused': () =>
    bent((_operation, _request, ctx, next) =>
      next(
        {},
        {
          ...ctx,
          contributions: ctx.contributions.filter(({ slot }) => slot !== 'contract_no_such_slot'),
        },
      ),
    ),
  'backend/errors/typed': () =>
    bent(async (_operation, _request, ctx, next) => {
      try {
        return await next()
      } catch (error) {
        const { code } = error as { code?: string }
        throw code === 'SW_IMAGE_NOT_READABLE' ? new TypeError(`${ctx.stage} crashed`) : error
      }
    }),
  'backend/abort': () =>
    bent((_operation, _request, ctx, next) =>
      next({}, { ...ctx, signal: new AbortController().signal }),
    ),
  'backend/progress': () =>
    bent(async (_operation, _request, ctx, next) => {
      ctx.progress(0.8)
      ctx.progress(0.2)
      return next({}, { ...ctx, progress: () => undefined })
    }),
  'backend/calls/independent': () => {
    let latest: unknown
    return bent(async (_operation, request, _ctx, next) => {
      latest = request['seed']
      await Promise.resolve()
      return next({ seed: latest })
    })
  },
  'backend/pictures/readable': () =>
    bent(async (_operation, _request, _ctx, next) =>
      withImages(await next(), (image) => ({ ...image, mediaType: 'image/jpeg' })),
    ),
  'backend/pictures/settings': () =>
    bent(async (_operation, _request, _ctx, next) =>
      withImages(await next(), (image) => ({
        ...image,
        settings: image.settings && { ...image.settings, steps: 999 },
      })),
    ),
  'backend/seeds/count-up': () =>
    bent(async (operation, request, _ctx, next) => {
      const { images } = await next()
      const varied = operation === Txt2Img.name && request['subseed_strength'] !== 0
      return { images: varied ? images.map((one, i) => ({ ...one, seed: 40 + i })) : images }
    }),
  'backend/seeds/repeat': () => {
    let salt = 0
    return bent((_operation, request, _ctx, next) =>
      next(request['seed'] === 40 ? { eta: (salt += 1) / 1000 } : {}),
    )
  },
  'backend/seeds/largest': () =>
    bent((_operation, request, _ctx, next) => next({ seed: Number(request['seed']) % 2 ** 31 })),
  'backend/sizes/grid': () =>
    bent((operation, request, _ctx, next) => {
      const up = (value: unknown) => Math.ceil(Number(value) / 8) * 8
      return operation === Txt2Img.name
        ? next({ width: up(request['width']), height: up(request['height']) })
        : next()
    }),
  'backend/sizes/operations': () =>
    bent((operation, _request, _ctx, next) =>
      operation === 'upscale' ? next({ upscaling_resize: 1 }) : next(),
    ),
  'backend/batch/one-in-one-out': () =>
    bent(async (operation, _request, _ctx, next) => {
      const { images } = await next()
      return { images: operation === Img2Img.name ? images.toReversed() : images }
    }),
}

describe('the backend contract bites', () => {
  test('the fake backend passes every clause', async () => {
    const subject = { backend: () => fakeBackend() }
    const { failed, passed } = await collect((runner) => backendContract(runner, subject))
    expect(failed).toEqual([])
    expect(passed).toEqual(backendClauses.map(({ id }) => id))
  })

  test('there is a mutant for every clause', () => {
    expect(Object.keys(mutants)).toEqual(backendClauses.map(({ id }) => id))
  })

  for (const [id, mutant] of Object.entries(mutants))
    test(`a backend that breaks ${id} fails that clause and no other`, async () => {
      const subject = {
        backend: () => mutant(),
        requests: { acme_glow: (image: StageImage) => ({ image }) },
      }
      const report = await collect((runner) => backendContract(runner, subject))
      if (report.failed.length !== 1)
        console.error([...report.reasons.values()].map(String).join('\n'))
      expect(report.failed).toEqual([id])
    })
})
