import { blurPlane } from './blur.js'
import { Canvas } from './canvas.js'
import { lightness } from './style.js'

/** A picture with its surroundings continued behind a mask: colours run from side to side along the rows and the
 *  columns, most in the way in which the two sides agree, under the grain of what stands beside them.
 *  Undefined where the mask leaves nothing to continue. */
export function continued(from: Canvas, mask: Uint8Array): Canvas | undefined {
  const { width, height, data } = from
  if (!mask.includes(0)) return undefined
  const out = new Canvas(width, height)
  const weights = new Float32Array(width * height)
  const reach = Math.max(2, Math.round(height * 0.012))
  const rows: Lines = { lines: height, length: width, step: 1, skip: width, reach }
  const columns: Lines = { lines: width, length: height, step: width, skip: 1, reach }
  bridge(out.data, weights, data, mask, rows)
  bridge(out.data, weights, data, mask, columns)
  const texture = lightness(data, width, height)
  const soft = new Float32Array(texture)
  blurPlane(soft, new Float32Array(soft.length), width, height, reach)
  for (let i = 0; i < texture.length; i++)
    texture[i] = Math.max(-0.03, Math.min(0.03, texture[i]! - soft[i]!))
  for (let i = 0, at = 0; i < mask.length; i++, at += 3)
    for (let k = at; k < at + 3; k++)
      out.data[k] = weights[i] === 0 ? data[k]! : out.data[k]! / weights[i]!
  const wide = Math.round(height * 0.04)
  for (let y = 0; y < height; y++)
    for (const run of runsOf(mask, y * width, width, 1)) {
      // Where columns begin to reach farther down, colours jump from one to the next: eased along the row.
      eased(out.data, y * width + run.from, run.to - run.from, wide)
      eased(out.data, y * width + run.from, run.to - run.from, wide)
      for (let x = run.from; x < run.to; x++) {
        const grain = texture[y * width + mirrored(x, run, width)]!
        for (let k = (y * width + x) * 3, end = k + 3; k < end; k++)
          out.data[k] = out.data[k]! + grain
      }
    }
  return out
}

/** Rows or columns: how many, how long, from one pixel to the next, from one line to the next. */
interface Lines {
  readonly lines: number
  readonly length: number
  readonly step: number
  readonly skip: number
  readonly reach: number
}

interface Run {
  readonly from: number
  readonly to: number
}

function runsOf(mask: Uint8Array, start: number, length: number, step: number): Run[] {
  const runs: Run[] = []
  let from = -1
  for (let i = 0; i <= length; i++) {
    const inside = i < length && mask[start + i * step]! > 0
    if (inside && from < 0) from = i
    else if (!inside && from >= 0) {
      runs.push({ from, to: i })
      from = -1
    }
  }
  return runs
}

/** Smooths `count` pixels from `start` on, less and less towards their ends, which stay as they are. */
function eased(data: Float32Array, start: number, count: number, reach: number): void {
  const sums = new Float64Array(count + 1)
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + data[(start + i) * 3 + c]!
    for (let i = 0; i < count; i++) {
      const half = Math.min(reach, i, count - 1 - i)
      data[(start + i) * 3 + c] = (sums[i + half + 1]! - sums[i - half]!) / (2 * half + 1)
    }
  }
}

/** The place beside a run that mirrors `x`; `x` itself where there is nothing. */
function mirrored(x: number, { from, to }: Run, length: number): number {
  const [before, after] = [from, length - to]
  if (before === 0 && after === 0) return x
  const left = after === 0 || (before > 0 && x - from < to - x)
  return left ? from - 1 - ((x - from) % before) : to + ((to - 1 - x) % after)
}

/** Adds the colours that run across the masked part of each line, and their weights. */
function bridge(
  sums: Float32Array,
  weights: Float32Array,
  data: Float32Array,
  mask: Uint8Array,
  { lines, length, step, skip, reach }: Lines,
): void {
  for (let line = 0; line < lines; line++)
    for (const { from, to } of runsOf(mask, line * skip, length, step)) {
      const before = beside(data, mask, line, from - 1, -1)
      const after = beside(data, mask, line, to, 1)
      if (before === undefined && after === undefined) continue
      const [a, b] = [before ?? after!, after ?? before!]
      const apart = Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]) + Math.abs(a[2] - b[2])
      const trust = 0.03 + (before === undefined || after === undefined ? 0.3 : apart / 3)
      for (let i = from; i < to; i++) {
        const t = (i - from + 1) / (to - from + 1)
        const near = Math.min(
          before === undefined ? Infinity : i - from,
          after === undefined ? Infinity : to - 1 - i,
        )
        const weight = 1 / (trust * trust * (near + 2) * (near + 2))
        const pixel = line * skip + i * step
        weights[pixel] = weights[pixel]! + weight
        for (let c = 0; c < 3; c++)
          sums[pixel * 3 + c] = sums[pixel * 3 + c]! + (a[c]! + (b[c]! - a[c]!) * t) * weight
      }
    }

  /** The mean colour beside a run, of this line and the ones next to it. */
  function beside(
    from: Float32Array,
    hidden: Uint8Array,
    line: number,
    start: number,
    way: 1 | -1,
  ): [number, number, number] | undefined {
    const sum: [number, number, number] = [0, 0, 0]
    let count = 0
    for (let near = Math.max(0, line - 1); near <= Math.min(lines - 1, line + 1); near++)
      for (let i = start, n = 0; n < reach && i >= 0 && i < length; n++, i += way) {
        const pixel = near * skip + i * step
        if (hidden[pixel]! > 0) continue
        for (const c of [0, 1, 2] as const) sum[c] += from[pixel * 3 + c]!
        count++
      }
    return count === 0 ? undefined : [sum[0] / count, sum[1] / count, sum[2] / count]
  }
}
