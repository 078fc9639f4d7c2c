import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

import {
  type Backend,
  type CallResult,
  coreCapabilities,
  imagesIn,
  type Sampling,
  stageImage,
} from '@stagewright/core'
import sharp from 'sharp'

import { type CliHost, runCli } from '../src/index.js'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Standard output, each line read as JSON. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
}

/** A folder of its own for one test; removed when the test is over. */
export class Workplace {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async make(): Promise<Workplace> {
    return new Workplace(await mkdtemp(join(tmpdir(), 'stagewright-')))
  }

  async put(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    return path
  }

  read(name: string): Promise<string> {
    return readFile(join(this.path, name), 'utf8')
  }

  /** All files below a folder, by their path in it, sorted; not what runs share. */
  async files(folder = ''): Promise<string[]> {
    const root = join(this.path, folder)
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
      .filter((path) => !/(^|\/)\.stagewright\//.test(path))
      .toSorted()
  }

  async cli(argv: readonly string[], host: Partial<CliHost> = {}): Promise<Ended> {
    let out = ''
    let err = ''
    const code = await runCli(argv, {
      stdout: { write: (text) => (out += text) },
      stderr: { write: (text) => (err += text) },
      cwd: this.path,
      ...host,
    })
    return {
      code,
      out,
      err,
      get lines() {
        return out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

export async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
}

/** A photo-like picture: a gradient, so that every part differs. */
export function photo(width: number, height: number, shift = 0): Promise<Buffer> {
  const pixels = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    pixels[i * 3] = (i % width) + shift
    pixels[i * 3 + 1] = Math.floor(i / width)
    pixels[i * 3 + 2] = 128
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

type Answer = (at: {
  readonly operation: string
  readonly call: number
  readonly signal: AbortSignal
  readonly next: () => Promise<CallResult>
}) => Promise<CallResult>

/** A backend that paints one colour by the seed; `answer` may fail instead, or wait. */
export function paintBackend(answer: Answer = ({ next }) => next()): Backend {
  let calls = 0
  const paint = async (request: Partial<Sampling> & { batch_size?: number }) => {
    const given = imagesIn(request)
    const count = given.length > 1 ? given.length : (request.batch_size ?? 1)
    const images = Array.from({ length: count }, async (_, i) => {
      const from = given[given.length > 1 ? i : 0]
      const settings = { ...(from?.settings ?? (request as Sampling)) }
      const seed = (request.seed ?? settings.seed) + i
      const [width, height] =
        from === undefined ? [request.width ?? 64, request.height ?? 64] : [from.width, from.height]
      const background = { r: seed % 256, g: (calls * 40) % 256, b: 90 }
      const bytes = await sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer()
      return stageImage(bytes, { seed, settings: { ...settings, seed } })
    })
    return { images: await Promise.all(images) }
  }
  const anything = [
    'model',
    'vae',
    'module',
    'style',
    'sampler',
    'scheduler',
    'upscaler',
    'hires_upscaler',
    'detector',
    'lora',
  ]
  return {
    kind: 'paint',
    describe: () =>
      Promise.resolve({
        ...coreCapabilities,
        resources: Object.fromEntries(anything.map((kind) => [kind, 'any'] as const)),
        current: { model: 'paint' },
      }),
    call: ({ name }, request, { signal }) => {
      calls += 1
      const next = () => paint(request as Partial<Sampling>)
      return answer({ operation: name, call: calls, signal, next })
    },
  }
}
