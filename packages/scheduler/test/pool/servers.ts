import { webui } from '@stagewright/backend-webui'
import {
  type Backend,
  type CallContext,
  type CallResult,
  isPipelineError,
  type PipelineError,
  Txt2Img,
  type Txt2ImgRequest,
} from '@stagewright/core'
import { type FakeWebui, type FakeWebuiOptions, startFakeWebui } from '@stagewright/fake-webui'
import { expect, onTestFinished } from 'vitest'

import { type Pool, pool, type PoolOptions, type ServerStatus } from '../../src/index.js'

/** Real servers on free ports, by name; closed with the test. */
export async function fakes<N extends string>(
  options: Readonly<Record<N, Partial<FakeWebuiOptions>>>,
): Promise<Record<N, FakeWebui>> {
  const entries = await Promise.all(
    Object.entries<Partial<FakeWebuiOptions>>(options).map(async ([name, given]) => {
      const fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true, ...given })
      onTestFinished(() => fake.close())
      return [name, fake] as const
    }),
  )
  return Object.fromEntries(entries) as Record<N, FakeWebui>
}

/** A pool of them, each with something `around` it where a test wants that. Pauses are short, so that it need not wait. */
export function poolOf(
  of: Readonly<Record<string, FakeWebui>>,
  options: PoolOptions = {},
  around: (backend: Backend, name: string) => Backend = (backend) => backend,
): Pool {
  const made = pool(
    Object.entries(of).map(([name, { url }]) => ({
      name,
      backend: around(webui({ url, pollInterval: 5, timeouts: { connect: 1000 } }), name),
    })),
    { breaker: { first: 10, most: 50 }, describeEvery: 0, ...options },
  )
  onTestFinished(() => made[Symbol.asyncDispose]())
  return made
}

let calls = 0

export function context(more: Partial<CallContext> = {}): CallContext {
  return {
    id: `test-${String((calls += 1))}`,
    stage: 'txt2img',
    signal: new AbortController().signal,
    contributions: [],
    progress: () => {},
    ...more,
  }
}

export function request(more: Partial<Txt2ImgRequest> = {}): Txt2ImgRequest {
  return {
    prompt: 'a lighthouse',
    negative_prompt: '',
    sampler_name: 'Euler',
    scheduler: 'Automatic',
    steps: 1,
    cfg_scale: 7,
    width: 64,
    height: 64,
    seed: 1,
    subseed: 1,
    subseed_strength: 0,
    batch_size: 1,
    ...more,
  }
}

/** One picture of a backend. */
export function draw(
  backend: Backend,
  more: Partial<Txt2ImgRequest> = {},
  ctx: Partial<CallContext> = {},
): Promise<CallResult> {
  return backend.call(Txt2Img, request(more), context(ctx))
}

/** What a fake was asked to make: the prompts of its generations. */
export function prompts({ requests }: FakeWebui): string[] {
  return requests
    .filter(({ path }) => /\/(txt2img|img2img)$/.test(path))
    .map(({ body }) => String((body as { prompt?: unknown }).prompt))
}

/** The status of each server, by its name. */
export function servers(of: Pool): Readonly<Record<string, ServerStatus>> {
  return Object.fromEntries(of.status().servers.map((one) => [one.name, one]))
}

/** What a call fails with. */
export async function failure(call: Promise<unknown>): Promise<PipelineError> {
  return call.then(
    () => expect.fail('it succeeds'),
    (error: unknown) => (isPipelineError(error) ? error : expect.fail(String(error))),
  )
}

/** Resolves when something holds of a pool. */
export async function until(holds: () => boolean, { observe }: Pool): Promise<void> {
  while (!holds())
    await new Promise<void>((resolve) => {
      const end = observe(() => {
        end()
        resolve()
      })
    })
}
