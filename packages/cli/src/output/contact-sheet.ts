import sharp from 'sharp'

import { drawText, textWidth, wrapText } from './bitmap-font.js'
import { type Box, Canvas } from './canvas.js'
import { accent, dim, ink, line, margin, panel, paper, scale } from './look.js'
import { changedRegion, mostChanged, pixelsOf, type Region, smallSquare } from './pixels.js'
import type { Sheet, SheetCell, SheetRow } from './sheet.js'

const gap = 14
const cellWidth = 320
const mostHeight = 400
const mostNoteLines = 3
const closeHeight = 190
const labelWidth = 132
/** Close looks under each picture: at what the first repairing calls changed, or at what changed most. */
const mostCloseLooks = 2

/** Draws the contact sheet as a PNG: a row a picture, a cell a call. Under each picture stands the same part of it,
 *  enlarged, so that one sees what a call did to the detail. */
export async function contactSheet(sheet: Sheet): Promise<Uint8Array> {
  const width =
    margin * 2 +
    labelWidth +
    sheet.columns.length * (cellWidth + gap) -
    (sheet.columns.length > 0 ? gap : 0)
  const title = wrapText(sheet.title, width - margin * 2, scale, 2)
  const head = margin + (title.length + 1) * line + 16
  const rows = await Promise.all(sheet.rows.map((row) => compared(row)))
  const heights = rows.map((row) => rowHeight(row))
  const foot = sheet.more > 0 ? line + gap : 0
  const height =
    head + line + heights.reduce((sum, one) => sum + one + gap, 0) + foot + margin - gap
  const canvas = new Canvas(width, height, paper)
  for (const [i, text] of title.entries())
    drawText(canvas, text, { x: margin, y: margin + i * line, scale, colour: ink })
  const [subtitle = ''] = wrapText(sheet.subtitle, width - margin * 2, scale, 1)
  drawText(canvas, subtitle, { x: margin, y: margin + title.length * line, scale, colour: dim })
  for (const [i, text] of sheet.columns.entries())
    drawText(canvas, wrapText(text, cellWidth, scale, 1)[0] ?? '', {
      x: columnAt(i),
      y: head,
      scale,
      colour: accent,
    })
  let y = head + line
  for (const [i, row] of rows.entries()) {
    await drawRow(canvas, row, y, sheet.sketch)
    y += (heights[i] ?? 0) + gap
  }
  if (sheet.more > 0)
    drawText(canvas, `and ${sheet.more} more in the folder`, { x: margin, y, scale, colour: dim })
  const raw = { width, height, channels: 3 } as const
  return sharp(canvas.pixels, { raw, limitInputPixels: false })
    .png({ compressionLevel: 6 })
    .toBuffer()
}

function columnAt(i: number): number {
  return margin + labelWidth + i * (cellWidth + gap)
}

/** Pictures of one row share a height, so that they can be compared. */
function pictureHeight({ cells }: SheetRow): number {
  const heights = cells.flatMap((cell) =>
    cell === undefined ? [] : [Math.round((cellWidth * cell.image.height) / cell.image.width)],
  )
  return Math.min(mostHeight, Math.max(80, ...heights))
}

function rowHeight(row: ComparedRow): number {
  const notes = row.cells.map((cell) =>
    cell?.note === undefined ? 0 : wrapText(cell.note, cellWidth, scale, mostNoteLines).length,
  )
  const looks = row.looks.length * (closeHeight + 6)
  return pictureHeight(row) + looks + 10 + line * (1 + Math.max(0, ...notes))
}

async function drawRow(
  canvas: Canvas,
  row: ComparedRow,
  y: number,
  sketch: boolean,
): Promise<void> {
  drawText(canvas, row.number, { x: margin, y, scale: 3, colour: ink })
  drawText(canvas, 'seed', { x: margin, y: y + 40, scale, colour: dim })
  drawText(canvas, String(row.seed), { x: margin, y: y + 40 + line, scale, colour: ink })
  for (const [i, text] of wrapText(row.remark ?? '', labelWidth - gap, scale, 4).entries())
    drawText(canvas, text, { x: margin, y: y + 52 + line * (2 + i), scale, colour: dim })
  const height = pictureHeight(row)
  for (const [i, cell] of row.cells.entries()) {
    const box = { x: columnAt(i), y, width: cellWidth, height }
    canvas.paint({ ...box, height: height + row.looks.length * (closeHeight + 6) }, panel)
    if (cell === undefined) continue
    const change = cell.detail ? row.changes[i] : undefined
    await drawCell(canvas, cell, { box, looks: row.looks, change, sketch })
  }
}

interface CellPlace {
  readonly box: Box
  readonly looks: readonly Region[]
  readonly change: Region | undefined
  readonly sketch: boolean
}

async function drawCell(canvas: Canvas, cell: SheetCell, place: CellPlace): Promise<void> {
  const { box, looks, change, sketch } = place
  const { image, note } = cell
  const fitted = fit(image, box)
  canvas.paste(await pixelsOf(image, fitted), fitted)
  let y = box.y + box.height + 6
  for (const look of looks) {
    const close = { ...box, y, height: closeHeight }
    canvas.paste(await pixelsOf(image, close, partAround(look, image, close)), close)
    y += closeHeight + 6
  }
  if (change !== undefined) canvas.frame(inside(change, fitted), 2, accent)
  if (sketch && cell.made) drawMark(canvas, 'sketch', fitted)
  y += 4
  drawText(canvas, `${image.width}x${image.height}`, { x: box.x, y, scale, colour: ink })
  for (const text of note === undefined ? [] : wrapText(note, cellWidth, scale, mostNoteLines)) {
    y += line
    drawText(canvas, text, { x: box.x, y, scale, colour: accent })
  }
}

interface ComparedRow extends SheetRow {
  /** By cell, what its call changed. */
  readonly changes: readonly (Region | undefined)[]
  /** The parts that are worth a close look. */
  readonly looks: readonly Region[]
}

/** Finds what each call of a row changed. A close look is worth what repairing calls changed, else the place where the
 *  first and the last picture differ most. */
async function compared(row: SheetRow): Promise<ComparedRow> {
  const { cells } = row
  const squares = await Promise.all(
    cells.map(async (cell) => (cell === undefined ? undefined : smallSquare(cell.image))),
  )
  const changes = squares.map((square, i) => {
    const before = squares[i - 1]
    return before === undefined || square === undefined ? undefined : changedRegion(before, square)
  })
  const repaired = changes.filter((region, i) => region !== undefined && cells[i]?.detail === true)
  const shown = squares.filter((square) => square !== undefined)
  const [first] = shown
  const last = shown.at(-1)
  const looks =
    repaired.length > 0 || first === undefined || last === undefined
      ? repaired.slice(0, mostCloseLooks)
      : [mostChanged(first, last)]
  return { ...row, changes, looks: looks.filter((look) => look !== undefined) }
}

function fit(image: { readonly width: number; readonly height: number }, box: Box): Box {
  const factor = Math.min(box.width / image.width, box.height / image.height)
  const width = Math.max(1, Math.round(image.width * factor))
  const height = Math.max(1, Math.round(image.height * factor))
  return { x: box.x + Math.floor((box.width - width) / 2), y: box.y, width, height }
}

/** The part of a picture around `look`, in the shape of `box`: most of what changed, and never so small that it shows
 *  nothing but single pixels. */
function partAround(
  look: Region,
  image: { readonly width: number; readonly height: number },
  box: Box,
): Region {
  const shape = box.width / box.height
  const wanted = Math.max(
    0.3 * Math.min(image.width, image.height),
    0.9 * (look.right - look.left) * image.width,
    0.8 * (look.bottom - look.top) * image.height * shape,
  )
  const pixels = Math.min(wanted, image.width, image.height * shape)
  const width = pixels / image.width
  const height = pixels / shape / image.height
  const left = Math.min(1 - width, Math.max(0, (look.left + look.right - width) / 2))
  const top = Math.min(1 - height, Math.max(0, (look.top + look.bottom - height) / 2))
  return { left, top, right: left + width, bottom: top + height }
}

function inside({ left, top, right, bottom }: Region, box: Box): Box {
  const x = box.x + Math.max(0, Math.floor(left * box.width) - 3)
  const y = box.y + Math.max(0, Math.floor(top * box.height) - 3)
  return {
    x,
    y,
    width: Math.min(box.x + box.width, Math.ceil(box.x + right * box.width) + 3) - x,
    height: Math.min(box.y + box.height, Math.ceil(box.y + bottom * box.height) + 3) - y,
  }
}

/** A small tag in the lower right corner. */
function drawMark(canvas: Canvas, text: string, box: Box): void {
  const width = textWidth(text, 1) + 7
  const tag = { x: box.x + box.width - width, y: box.y + box.height - 15, width, height: 15 }
  canvas.paint(tag, paper)
  drawText(canvas, text, { x: tag.x + 4, y: tag.y + 4, scale: 1, colour: ink })
}
