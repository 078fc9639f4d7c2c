import type { RunResult, StageImage } from '@stagewright/core'
import { stageImage } from '@stagewright/core'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

import { drawText, textWidth, wrapText } from '../src/output/bitmap-font.js'
import { CallLog } from '../src/output/call-log.js'
import { Canvas } from '../src/output/canvas.js'
import { contactSheet } from '../src/output/contact-sheet.js'
import { sheetOf } from '../src/output/sheet.js'
import { photo } from './support.js'

describe('the bitmap font', () => {
  test('has a drawing of its own for every printable ASCII character', () => {
    const seen = new Map<string, string>()
    for (let code = 32; code < 127; code++) {
      const canvas = new Canvas(8, 9, [0, 0, 0])
      const character = String.fromCharCode(code)
      drawText(canvas, character, { x: 0, y: 0, scale: 1, colour: [255, 255, 255] })
      const drawn = canvas.pixels.join('')
      expect([character, seen.get(drawn)]).toEqual([character, undefined])
      seen.set(drawn, character)
    }
  })

  test('brings other letters to ASCII, and what it cannot to a question mark', () => {
    expect(textWidth('Café – “naïve”', 2)).toBe(textWidth('Cafe - "naive"', 2))
    expect(textWidth('猫', 2)).toBe(textWidth('?', 2))
  })

  test('breaks lines at spaces, and cuts what does not fit with dots', () => {
    const width = textWidth('nothing found', 2)
    expect(wrapText('unchanged: nothing found or detector failed', width, 2, 3)).toEqual(
      ['unchanged:', 'nothing found', 'or detector...'].map((line) =>
        textWidth(line, 2) <= width ? line : expect.stringMatching(/\.\.\.$/),
      ),
    )
    for (const line of wrapText('x'.repeat(200), width, 2, 2))
      expect(textWidth(line, 2)).toBeLessThanOrEqual(width)
  })

  test('breaks a word that is longer than a line where its parts meet, and loses nothing of it', () => {
    const width = textWidth('sd_xl_base_1.0_and', 2)
    const name = 'sd_xl_base_1.0_and_more_v12.safetensors'
    const lines = wrapText(`model ${name} x`, width, 2, 9)
    expect(lines).toEqual(['model', 'sd_xl_base_1.0_', 'and_more_v12.', 'safetensors x'])
    const long = wrapText('x'.repeat(200), width, 2, 99)
    expect(long.join('')).toBe('x'.repeat(200))
    for (const line of long) expect(textWidth(line, 2)).toBeLessThanOrEqual(width)
  })

  test('cuts off what reaches over the edge', () => {
    const canvas = new Canvas(4, 4, [9, 9, 9])
    drawText(canvas, 'WWW', { x: -3, y: -3, scale: 3, colour: [255, 255, 255] })
    expect(canvas.pixels).toHaveLength(48)
  })
})

describe('the contact sheet', () => {
  test('has a row for each picture and a cell for each call, merged stages in one', async () => {
    const [given, first, second] = await pictures(3)
    const log = new CallLog()
    const through = (stage: string, label: string | undefined, from: StageImage, to: StageImage) =>
      log.interceptor.call?.(stage, { image: from }, context(stage, label), () =>
        Promise.resolve({
          images: [to],
          unchanged: to === from,
          ...(label === 'hands' ? { unchangedMeans: 'nothing found, or …' } : {}),
        }),
      )
    await through('img2img', undefined, given, first)
    await through('detail', 'face', first, second)
    await through('detail', 'hands', second, second)
    const plan = planOf(['img2img', 'refiner', 'detail'], { refiner: ['img2img'] })
    const result = {
      images: [second],
      unfinished: [],
      plan,
      status: 'done',
      config: {},
    } as unknown as RunResult
    const sheet = sheetOf(result, log, new Map([[given.digest, given]]), {
      file: 'my.yaml',
      sketch: true,
    })
    expect(sheet.columns).toEqual(['input', 'img2img + refiner', 'detail: face', 'detail: hands'])
    expect(sheet.rows).toHaveLength(1)
    expect(sheet.rows[0]?.cells.map((cell) => cell?.image.digest)).toEqual(
      [given, first, second, second].map(({ digest }) => digest),
    )
    expect(sheet.rows[0]?.cells.map((cell) => cell?.note)).toEqual([
      undefined,
      undefined,
      undefined,
      'unchanged: nothing found, or …',
    ])
    const drawn = await sharp(await contactSheet(sheet)).metadata()
    expect(drawn).toMatchObject({ format: 'png', channels: 3 })
    expect(drawn.width).toBeGreaterThan(4 * 320)
  })

  test('a picture that stopped on the way keeps its row, with the cells it came to', async () => {
    const [one] = await pictures(1)
    const log = new CallLog()
    await log.interceptor.call?.('txt2img', {}, context('txt2img', undefined), () =>
      Promise.resolve({ images: [one] }),
    )
    await log.interceptor.call?.('upscale', {}, context('upscale', undefined), () =>
      Promise.resolve({ images: [] }),
    )
    const result = {
      images: [],
      unfinished: [{ image: one, stage: 'upscale', error: new Error('lost') }],
      plan: planOf(['txt2img', 'upscale'], {}),
      status: 'failed',
      config: {},
    } as unknown as RunResult
    const sheet = sheetOf(result, log, new Map(), { file: 'my.yaml', sketch: false })
    expect(sheet.columns).toEqual(['txt2img'])
    expect(sheet.rows[0]).toMatchObject({ remark: 'stopped in upscale' })
  })
})

async function pictures(count: number): Promise<[StageImage, StageImage, StageImage]> {
  const made = Array.from({ length: count }, async (_, i) =>
    stageImage(await photo(64, 48, i * 50), { seed: i }),
  )
  return (await Promise.all(made)) as [StageImage, StageImage, StageImage]
}

function context(stage: string, label: string | undefined) {
  const { signal } = new AbortController()
  return { id: 'a call', stage, label, signal, contributions: [], progress: () => undefined }
}

function planOf(names: readonly string[], merged: Readonly<Record<string, readonly string[]>>) {
  return {
    reprocess: false,
    stages: names.map((name) => ({
      name,
      enabled: true,
      operation: name,
      config: { prompt: 'a prompt', model: 'm' },
      execution: { kind: merged[name] === undefined ? 'call' : 'merged', into: merged[name] ?? [] },
    })),
  }
}
