import { join } from 'node:path'

import type { SweepOnDisk, SweepRow } from '@stagewright/scheduler'
import { tableOf, valueText } from '@stagewright/scheduler'
import sharp from 'sharp'

import { drawText, wrapText } from './bitmap-font.js'
import { type Box, Canvas, type Colour } from './canvas.js'
import { accent, dim, ink, line, margin, panel, paper, scale } from './look.js'

const failure: Colour = [240, 116, 96]

const gap = 10
const inset = 8
const labelWidth = 190
/** Neither side of a grid is longer than this: cells become smaller, and rows go on in another picture. */
const mostSide = 4000
const [leastCell, mostCell] = [96, 320]
const mostGrids = 20

/** Draws the pictures of a sweep as PNGs: one axis side by side, one below; every other axis begins a new block of
 *  rows. A cell without a picture says why. Each cell shows its first picture. */
export async function sweepGrids(sweep: SweepOnDisk): Promise<readonly Uint8Array[]> {
  const layout = layoutOf(sweep)
  const { columns, rows } = layout
  const room = mostSide - margin * 2 - labelWidth
  const width = Math.max(leastCell, Math.min(mostCell, Math.floor(room / columns.length) - gap))
  const height = Math.round(width * (await shapeOf(sweep)))
  const labels = rows.map(({ label }) => labelLines(label).length)
  const down = Math.max(height, ...labels.map((count) => count * line)) + gap
  const most = Math.max(1, Math.floor((mostSide - margin * 2 - line * 5) / down))
  const pages = Array.from({ length: Math.min(mostGrids, Math.ceil(rows.length / most)) }, (_, i) =>
    rows.slice(i * most, (i + 1) * most),
  )
  const drawn: Uint8Array[] = []
  for (const page of pages)
    drawn.push(await drawGrid(sweep, { ...layout, rows: page }, { width, height, down }))
  return drawn
}

interface Row {
  /** What the rows of the block have in common; set on its first row. */
  readonly block: string | undefined
  readonly label: string
  readonly cells: readonly (SweepRow | undefined)[]
}

interface Layout {
  readonly x: string
  readonly y: string | undefined
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

function layoutOf(sweep: SweepOnDisk): Layout {
  const { axes, x: wantedX, y: wantedY } = sweep.record
  const lengths = axes.filter(({ values }) => values.length > 1)
  const fields = (lengths.length === 0 ? axes : lengths).map(({ field }) => field)
  const x = wantedX ?? fields.findLast((field) => field !== wantedY) ?? fields[0] ?? ''
  const y = wantedY ?? fields.find((field) => field !== x)
  const others = axes
    .map(({ field }) => field)
    .filter((field) => field !== x && field !== y && fields.includes(field))
  const columns = axes.find(({ field }) => field === x)?.values.map(valueText) ?? ['']
  const blocks = new Map<string, Map<string, (SweepRow | undefined)[]>>()
  for (const row of tableOf(sweep)) {
    const block = others.map((field) => `${field} ${valueText(row.point[field])}`).join(', ')
    const label = y === undefined ? '' : valueText(row.point[y])
    const rows = blocks.get(block) ?? new Map<string, (SweepRow | undefined)[]>()
    blocks.set(block, rows)
    // Fields of a zip or a list may meet again: then the next row takes it.
    const at = Math.max(0, columns.indexOf(valueText(row.point[x])))
    let name = label
    for (let i = 2; rows.get(name)?.[at] !== undefined; i++) name = `${label} (${i})`
    const cells = rows.get(name) ?? columns.map(() => undefined)
    cells[at] = row
    rows.set(name, cells)
  }
  return {
    x,
    y,
    columns,
    rows: [...blocks].flatMap(([block, rows]) =>
      [...rows].map(([label, cells], i) => ({
        block: i === 0 && block !== '' ? block : undefined,
        label,
        cells,
      })),
    ),
  }
}

/** Height by width of the first picture there is; cells without one have its shape too. */
async function shapeOf(sweep: SweepOnDisk): Promise<number> {
  for (const { pictures } of tableOf(sweep)) {
    const [path] = pictures
    if (path === undefined) continue
    const { width, height } = await sharp(join(sweep.folder, path)).metadata()
    return Math.min(2, Math.max(0.5, height / width))
  }
  return 1
}

async function drawGrid(
  sweep: SweepOnDisk,
  { x, y, columns, rows }: Layout,
  cell: { readonly width: number; readonly height: number; readonly down: number },
): Promise<Uint8Array> {
  const { record } = sweep
  const width = Math.max(640, margin * 2 + labelWidth + columns.length * (cell.width + gap) - gap)
  const several = tableOf(sweep).some(({ pictures }) => pictures.length > 1)
  const prompt = record.base['prompt']
  const title = wrapText(
    typeof prompt === 'string' ? prompt : record.name,
    width - margin * 2,
    scale,
    2,
  )
  const about = [
    `${record.name}: ${x} across${y === undefined ? '' : `, ${y} down`}`,
    ...(several ? ['first picture of each cell'] : []),
  ].join('  |  ')
  const labels = columns.map((text) => wrapText(text, cell.width, scale, 5))
  const head = margin + (title.length + 1) * line + gap
  const headLines = Math.max(1, ...labels.map(({ length }) => length))
  const blocks = rows.filter(({ block }) => block !== undefined).length
  const top = head + headLines * line + gap
  const height = top + rows.length * cell.down + blocks * line + margin - gap
  const canvas = new Canvas(width, height, paper)
  const write = (text: string, at: { x: number; y: number }, colour: Colour): void =>
    void drawText(canvas, text, { ...at, scale, colour })
  for (const [i, text] of title.entries()) write(text, { x: margin, y: margin + i * line }, ink)
  const [subtitle = ''] = wrapText(about, width - margin * 2, scale, 1)
  write(subtitle, { x: margin, y: margin + title.length * line }, dim)
  const columnAt = (i: number): number => margin + labelWidth + i * (cell.width + gap)
  for (const [i, lines] of labels.entries())
    for (const [j, text] of lines.entries())
      write(text, { x: columnAt(i), y: head + j * line }, accent)
  let down = top
  for (const row of rows) {
    if (row.block !== undefined) {
      const [text = ''] = wrapText(row.block, width - margin * 2, scale, 1)
      write(text, { x: margin, y: down }, ink)
      down += line
    }
    for (const [i, text] of labelLines(row.label).entries())
      write(text, { x: margin, y: down + i * line }, accent)
    for (const [i, one] of row.cells.entries())
      await drawCell(canvas, sweep.folder, one, {
        width: cell.width,
        height: cell.height,
        x: columnAt(i),
        y: down,
      })
    down += cell.down
  }
  const raw = { width, height, channels: 3 } as const
  return sharp(canvas.pixels, { raw, limitInputPixels: false })
    .png({ compressionLevel: 6 })
    .toBuffer()
}

function labelLines(label: string): string[] {
  return wrapText(label, labelWidth - gap, scale, 8)
}

async function drawCell(
  canvas: Canvas,
  folder: string,
  row: SweepRow | undefined,
  box: Box,
): Promise<void> {
  if (row === undefined) return
  canvas.paint(box, panel)
  const picture = row.pictures[0] === undefined ? undefined : join(folder, row.pictures[0])
  const pixels = picture === undefined ? undefined : await thumbnail(picture, box)
  if (pixels !== undefined) {
    const x = box.x + Math.floor((box.width - pixels.width) / 2)
    canvas.paste(pixels.data, { x, y: box.y, width: pixels.width, height: pixels.height })
    return
  }
  const room = { lines: Math.floor((box.height - 2 * inset) / line), width: box.width - 2 * inset }
  const texts = [
    { text: `cell ${row.cell}: ${row.status}`, colour: row.error === undefined ? dim : failure },
    ...(row.error === undefined
      ? []
      : [
          { text: row.error.code, colour: dim },
          { text: row.error.message, colour: ink },
        ]),
  ]
  let used = 0
  for (const { text, colour } of texts)
    for (const part of room.lines > used
      ? wrapText(text, room.width, scale, room.lines - used)
      : []) {
      drawText(canvas, part, { x: box.x + inset, y: box.y + inset + used * line, scale, colour })
      used += 1
    }
}

/** Undefined where the picture is gone. */
async function thumbnail(path: string, { width, height }: Box) {
  try {
    const { data, info } = await sharp(path, { limitInputPixels: false })
      .resize(width, height, { fit: 'inside' })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height }
  } catch {
    return undefined
  }
}
