import { inflateSync } from 'node:zlib'

import { readImageHeader } from '@stagewright/core'
import { describe, expect, test } from 'vitest'

import { maskPng, pngText, solidPng } from '../src/picture/png.js'

describe('the PNG encoder', () => {
  test('writes a header of the size asked for, and texts that can be read again', () => {
    const bytes = solidPng({
      width: 70,
      height: 33,
      colour: [1, 2, 3],
      texts: { story: 'été → 1' },
    })
    expect(readImageHeader(bytes)).toEqual({ mediaType: 'image/png', width: 70, height: 33 })
    expect(pngText(bytes, 'story')).toBe('été → 1')
    expect(pngText(bytes, 'other')).toBeUndefined()
    expect(pngText(new Uint8Array([1, 2, 3]), 'story')).toBeUndefined()
  })

  test('stays small for large pictures', () => {
    const bytes = solidPng({ width: 4096, height: 4096, colour: [9, 9, 9] })
    expect(bytes.byteLength).toBeLessThan(16_384)
  })

  test('paints a mask white from the top down to its share', () => {
    const bytes = Buffer.from(maskPng({ width: 4, height: 4, share: 0.5 }))
    const at = bytes.indexOf('IDAT')
    const rows = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))
    const white = [0, 255, 255, 255, 255]
    const black = [0, 0, 0, 0, 0]
    expect([...rows]).toEqual([...white, ...white, ...black, ...black])
  })
})
