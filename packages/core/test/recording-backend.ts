import { deflateSync } from 'node:zlib'

import {
  type Backend,
  type CallContext,
  type CallResult,
  type Capabilities,
  coreCapabilities,
  Hires,
  imagesIn,
  type Operation,
  requestAsJson,
  stageImage,
  type StageImage,
} from '@stagewright/core'

export interface Recorded {
  readonly stage: string
  readonly operation: string
  readonly request: Record<string, unknown>
  readonly slots: readonly string[]
  readonly label: string | undefined
}

type Answer = (
  call: Recorded,
  ctx: CallContext,
  number: number,
) => CallResult | Promise<CallResult> | undefined

/** A real backend in the least number of lines: it answers with real PNGs, so that the runner can be tested without
 *  the packages above core. */
export function recordingBackend(
  options: { capabilities?: Partial<Capabilities>; answer?: Answer } = {},
): Backend & { readonly calls: Recorded[]; described: number } {
  const calls: Recorded[] = []
  const backend = {
    kind: 'recording',
    calls,
    described: 0,
    describe: () => {
      backend.described += 1
      return Promise.resolve({
        ...coreCapabilities,
        resources: { model: 'any' as const },
        ...options.capabilities,
      })
    },
    call: async <R>(operation: Operation<R>, request: R, ctx: CallContext): Promise<CallResult> => {
      const call: Recorded = {
        stage: ctx.stage,
        operation: operation.name,
        request: requestAsJson(request) as Record<string, unknown>,
        slots: ctx.contributions.map(({ slot }) => slot),
        label: ctx.label,
      }
      calls.push(call)
      const answered = await options.answer?.(call, ctx, calls.length)
      return answered ?? { images: pictures(request, ctx) }
    },
  }
  return backend
}

function pictures(request: unknown, ctx: CallContext): StageImage[] {
  const fields = request as { width?: number; height?: number; seed?: number; batch_size?: number }
  const [source] = imagesIn(request)
  const scale = Hires.from(ctx.contributions)?.hr_scale ?? 1
  const width = (fields.width ?? source?.width ?? 8) * scale
  const height = (fields.height ?? source?.height ?? 8) * scale
  return Array.from({ length: fields.batch_size ?? 1 }, (_, i) =>
    picture(width, height, (fields.seed ?? source?.seed ?? 0) + i, ctx.stage),
  )
}

/** A black PNG whose bytes differ by seed and text. */
export function picture(width: number, height: number, seed = 0, text = 'test'): StageImage {
  const rows = Buffer.alloc((Math.ceil(width / 8) + 1) * height)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const bytes = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('tEXt', Buffer.from(`note\0${text} ${seed}`)),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
  return stageImage(bytes, { seed })
}

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  // No reader in these tests checks the sum.
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)])
}
