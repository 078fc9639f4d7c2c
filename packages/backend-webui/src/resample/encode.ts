import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'

import { pngChunk } from '@stagewright/metadata'

import { paeth, type Pixels } from '../result/png-pixels.js'

const deflated = promisify(deflate)
const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/** An 8-bit RGB PNG. Every row has the filter of Paeth: the best single one for what was enlarged.
 *  @source PNG (third edition) §5, §9, §11 */
export async function encodePng({ width, height, data }: Pixels): Promise<Uint8Array> {
  const stride = width * 3
  const raw = Buffer.alloc((stride + 1) * height)
  for (let y = 0, to = 0; y < height; y++) {
    if (y % 64 === 0) await setImmediate()
    raw[to++] = 4
    for (let i = 0, at = y * stride; i < stride; i++, at++) {
      const left = i < 3 ? 0 : (data[at - 3] as number)
      const up = y === 0 ? 0 : (data[at - stride] as number)
      const corner = i < 3 || y === 0 ? 0 : (data[at - stride - 3] as number)
      raw[to++] = (data[at] as number) - paeth(left, up, corner)
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', await deflated(raw)),
    pngChunk('IEND', new Uint8Array()),
  ])
}
