import type { Canvas, Colour } from './canvas.js'
import { glyphArt } from './glyph-art.js'

/** Height of a line at scale 1: seven rows and two below. */
export const lineHeight = 9

/** Draws one line of text with its top left corner at x, y; every dot of a letter is `scale` pixels wide.
 *  Letters that the font does not have are brought to ASCII first, or become `?`.
 *  @returns the width in pixels */
export function drawText(
  canvas: Canvas,
  text: string,
  at: { readonly x: number; readonly y: number; readonly scale: number; readonly colour: Colour },
): number {
  let x = at.x
  for (const character of plain(text)) {
    const { rows, width } = glyphOf(character)
    for (const [row, dots] of rows.entries())
      for (let column = 0; column < width; column++)
        if (dots[column] === '#')
          canvas.paint(
            {
              x: x + column * at.scale,
              y: at.y + row * at.scale,
              width: at.scale,
              height: at.scale,
            },
            at.colour,
          )
    x += (width + 1) * at.scale
  }
  return x - at.x
}

/** Width of a line in pixels. */
export function textWidth(text: string, scale: number): number {
  let width = 0
  for (const character of plain(text)) width += (glyphOf(character).width + 1) * scale
  return width
}

/** The text in lines that fit, broken at spaces, and within words that are longer than a line; what is beyond the last
 *  line is cut off with dots. */
export function wrapText(text: string, width: number, scale: number, most: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of plain(text).split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (textWidth(longer, scale) <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    const pieces = broken(word, width, scale)
    lines.push(...pieces.slice(0, -1))
    line = pieces.at(-1) ?? ''
  }
  if (line !== '') lines.push(line)
  const kept = lines.slice(0, most)
  const last = kept.length - 1
  return kept.map((one, i) =>
    cut(i === last && lines.length > most ? `${one} ...` : one, width, scale),
  )
}

/** A word in pieces that fit: behind one of `_ . - /` where there is one in the second half of a piece. */
function broken(word: string, width: number, scale: number): string[] {
  const pieces: string[] = []
  let rest = word
  while (textWidth(rest, scale) > width && rest.length > 1) {
    let most = rest.length - 1
    while (most > 1 && textWidth(rest.slice(0, most), scale) > width) most -= 1
    const joint =
      Math.max(...['_', '.', '-', '/'].map((one) => rest.lastIndexOf(one, most - 1))) + 1
    const at = joint > most / 2 ? joint : most
    pieces.push(rest.slice(0, at))
    rest = rest.slice(at)
  }
  return [...pieces, rest]
}

function cut(text: string, width: number, scale: number): string {
  if (textWidth(text, scale) <= width) return text
  let short = text.replace(/ \.\.\.$/, '')
  while (short !== '' && textWidth(`${short}...`, scale) > width) short = short.slice(0, -1)
  return `${short}...`
}

interface Glyph {
  readonly rows: readonly string[]
  readonly width: number
}

let glyphs: ReadonlyMap<string, Glyph> | undefined

function glyphOf(character: string): Glyph {
  glyphs ??= readGlyphs()
  return glyphs.get(character) ?? (glyphs.get('?') as Glyph)
}

/** Each glyph as wide as it is drawn: an "i" takes less room than an "m". */
function readGlyphs(): ReadonlyMap<string, Glyph> {
  const all = new Map<string, Glyph>()
  for (const [block, art] of glyphArt.entries()) {
    const lines = art.trim().split('\n')
    const count = ((lines[0]?.length ?? 0) + 1) / 6
    for (let i = 0; i < count; i++) {
      const cells = lines.map((line) => line.slice(i * 6, i * 6 + 5))
      all.set(String.fromCharCode(32 + block * 16 + i), trimmed(cells))
    }
  }
  return all
}

function trimmed(cells: readonly string[]): Glyph {
  const columns = [0, 1, 2, 3, 4].filter((x) => cells.some((row) => row[x] === '#'))
  const [first] = columns
  const last = columns.at(-1)
  if (first === undefined || last === undefined) return { rows: [], width: 3 }
  return { rows: cells.map((row) => row.slice(first, last + 1)), width: last - first + 1 }
}

const typographic: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '×': 'x',
  '·': '-',
  ß: 'ss',
}

function plain(text: string): string {
  return text
    .replaceAll(/[‘’“”–—…×·ß]/g, (one) => typographic[one] ?? one)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/\s/g, ' ')
    .replaceAll(/[^ -~]/gu, '?')
}
