import { randomBytes } from 'node:crypto'

import type { GenerateOptions } from '../src/transport.js'

/** Options of a generation that nobody watches, with what a test changes. */
export function call(changes: Partial<GenerateOptions> = {}): GenerateOptions {
  return {
    signal: new AbortController().signal,
    progress: 'none',
    interrupt: false,
    expectsLoad: false,
    onProgress: () => {},
    onError: (status, body, text) => new Error(`the dialect's: ${status} ${text}`, { cause: body }),
    ...changes,
  }
}

export const picture = new Uint8Array(randomBytes(150_000))

export function txt2imgAnswer(...pictures: (Uint8Array | null)[]): Record<string, unknown> {
  return {
    images: pictures.map((one) => (one === null ? null : Buffer.from(one).toString('base64'))),
    parameters: { prompt: 'a "cat"', mask: 'A'.repeat(100_000) },
    info: '{"seed": 1}',
  }
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
