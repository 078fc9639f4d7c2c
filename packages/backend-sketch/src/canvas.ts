import { noiseTable, sample } from './noise.js'

/** Red, green and blue, 0–1. */
export type Rgb = readonly [number, number, number]

/** Where a drawing in its own coordinates stands on the canvas: pixels per unit, origin in pixels, lean to the right
 *  per unit downwards, and −1 to mirror it. */
export interface Place {
  readonly x: number
  readonly y: number
  readonly size: number
  readonly lean?: number
  readonly flip?: 1 | -1
}

export interface Paint {
  readonly color: Rgb
  /** Second colour, reached at the end of `along`. */
  readonly to?: Rgb
  /** x0, y0, x1, y1 in the shape's coordinates. Default: from its left to its right. */
  readonly along?: readonly [number, number, number, number]
  readonly alpha?: number
  /** Width of a soft edge, in the shape's units. */
  readonly soft?: number
  /** Strength of a woven texture, 0–1, and its cells per unit across and down. */
  readonly grain?: number
  readonly weave?: readonly [number, number]
}

/** A window of a picture as floats, with anti-aliased filling of polygons by exact area. */
export class Canvas {
  readonly data: Float32Array
  #cover = new Float32Array(0)
  #blurred = new Float32Array(0)

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Float32Array(width * height * 3)
  }

  /** Fills a closed smooth curve through `points` (x, y, x, y, …). */
  blob(place: Place, points: readonly number[], paint: Paint): void {
    this.#fill(place, smooth(place, points, true), paint)
  }

  /** Fills a polygon. */
  poly(place: Place, points: readonly number[], paint: Paint): void {
    this.#fill(place, project(place, points), paint)
  }

  ellipse(place: Place, cx: number, cy: number, rx: number, ry: number, paint: Paint): void {
    const k = Math.SQRT1_2
    const [dx, dy] = [rx * k, ry * k]
    this.blob(
      place,
      [
        cx + rx,
        cy,
        cx + dx,
        cy + dy,
        cx,
        cy + ry,
        cx - dx,
        cy + dy,
        cx - rx,
        cy,
        cx - dx,
        cy - dy,
        cx,
        cy - ry,
        cx + dx,
        cy - dy,
      ],
      paint,
    )
  }

  /** Draws a smooth line; `thick` in units, tapering to `end` of it. */
  line(place: Place, points: readonly number[], thick: number, paint: Paint, end = 1): void {
    const curve = smooth(place, points, false)
    const count = curve.length / 2
    const left: number[] = []
    const right: number[] = []
    for (let i = 0; i < count; i++) {
      const a = Math.max(0, i - 1) * 2
      const b = Math.min(count - 1, i + 1) * 2
      const dx = curve[b]! - curve[a]!
      const dy = curve[b + 1]! - curve[a + 1]!
      const length = Math.sqrt(dx * dx + dy * dy) || 1
      const half = (thick * place.size * (1 + (end - 1) * (i / (count - 1 || 1)))) / 2
      left.push(curve[i * 2]! - (dy / length) * half, curve[i * 2 + 1]! + (dx / length) * half)
      right.unshift(curve[i * 2]! + (dy / length) * half, curve[i * 2 + 1]! - (dx / length) * half)
    }
    this.#fill(place, [...left, ...right], paint)
  }

  #fill(place: Place, points: readonly number[], paint: Paint): void {
    const soft = Math.min(64, Math.round((paint.soft ?? 0) * place.size))
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity]
    for (let i = 0; i < points.length; i += 2) {
      x0 = Math.min(x0, points[i]!)
      x1 = Math.max(x1, points[i]!)
      y0 = Math.min(y0, points[i + 1]!)
      y1 = Math.max(y1, points[i + 1]!)
    }
    const pad = soft * 2 + 1
    const left = Math.max(0, Math.floor(x0) - pad)
    const top = Math.max(0, Math.floor(y0) - pad)
    const width = Math.min(this.width, Math.ceil(x1) + pad) - left
    const height = Math.min(this.height, Math.ceil(y1) + pad) - top
    if (!(width > 0 && height > 0)) return
    const size = width * height
    if (this.#cover.length < size + 2) this.#cover = new Float32Array(size + 2)
    const cover = this.#cover
    cover.fill(0, 0, size + 2)
    for (let i = 0; i < points.length; i += 2) {
      const j = (i + 2) % points.length
      addEdge(
        cover,
        width,
        height,
        points[i]! - left,
        points[i + 1]! - top,
        points[j]! - left,
        points[j + 1]! - top,
      )
    }
    sweep(cover, width, height)
    if (soft > 0) {
      if (this.#blurred.length < size) this.#blurred = new Float32Array(size)
      blurPlane(cover, this.#blurred, width, height, soft)
      blurPlane(cover, this.#blurred, width, height, soft)
    }
    this.#blend(place, cover, left, top, width, height, [x0, x1], paint)
  }

  #blend(
    place: Place,
    cover: Float32Array,
    left: number,
    top: number,
    width: number,
    height: number,
    span: readonly [number, number],
    paint: Paint,
  ): void {
    const { color, to = color, along, alpha = 1, grain = 0, weave = [12, 12] } = paint
    const data = this.data
    const ends = along === undefined ? [span[0], 0, span[1], 0] : project(place, along)
    const [ax, ay, bx, by] = ends as [number, number, number, number]
    const length2 = (bx - ax) * (bx - ax) + (by - ay) * (by - ay) || 1
    const [kx, ky] = [(bx - ax) / length2, (by - ay) / length2]
    const table = noiseTable(1)
    const [wx, wy] = [weave[0] / place.size, weave[1] / place.size]
    const [r0, g0, b0] = color
    const [dr, dg, db] = [to[0] - r0, to[1] - g0, to[2] - b0]
    for (let y = 0; y < height; y++) {
      let out = ((top + y) * this.width + left) * 3
      let t = (left + 0.5 - ax) * kx + (top + y + 0.5 - ay) * ky
      const row = y * width
      for (let x = 0; x < width; x++, out += 3, t += kx) {
        const c = cover[row + x]! * alpha
        if (c < 0.002) continue
        const f = t < 0 ? 0 : t > 1 ? 1 : t
        let shade = 1
        if (grain > 0)
          shade += grain * sample(table, (left + x - place.x) * wx, (top + y - place.y) * wy)
        data[out] = data[out]! + ((r0 + dr * f) * shade - data[out]!) * c
        data[out + 1] = data[out + 1]! + ((g0 + dg * f) * shade - data[out + 1]!) * c
        data[out + 2] = data[out + 2]! + ((b0 + db * f) * shade - data[out + 2]!) * c
      }
    }
  }
}

/** Blurs one plane with a box of `radius` in both directions, in place. */
export function blurPlane(
  plane: Float32Array,
  scratch: Float32Array,
  width: number,
  height: number,
  radius: number,
): void {
  const scale = 1 / (2 * radius + 1)
  for (let y = 0; y < height; y++) {
    const row = y * width
    let sum = plane[row]! * radius
    for (let x = 0; x < radius; x++) sum += plane[row + Math.min(width - 1, x)]!
    for (let x = 0; x < width; x++) {
      sum += plane[row + (x + radius < width ? x + radius : width - 1)]!
      scratch[row + x] = sum * scale
      sum -= plane[row + (x - radius > 0 ? x - radius : 0)]!
    }
  }
  // Column sums are carried a whole row at a time: memory is read in its own order.
  const sums = new Float64Array(width)
  for (let x = 0; x < width; x++) sums[x] = scratch[x]! * radius
  for (let y = 0; y < radius; y++) {
    const row = Math.min(height - 1, y) * width
    for (let x = 0; x < width; x++) sums[x] = sums[x]! + scratch[row + x]!
  }
  for (let y = 0; y < height; y++) {
    const enter = (y + radius < height ? y + radius : height - 1) * width
    const leave = (y - radius > 0 ? y - radius : 0) * width
    const row = y * width
    for (let x = 0; x < width; x++) {
      const sum = sums[x]! + scratch[enter + x]!
      plane[row + x] = sum * scale
      sums[x] = sum - scratch[leave + x]!
    }
  }
}

function project(place: Place, points: readonly number[]): number[] {
  const { x, y, size, lean = 0, flip = 1 } = place
  const out: number[] = []
  for (let i = 0; i < points.length; i += 2)
    out.push(x + flip * (points[i]! + lean * points[i + 1]!) * size, y + points[i + 1]! * size)
  return out
}

/** Catmull-Rom through the points, in pixels. */
function smooth(place: Place, points: readonly number[], closed: boolean): number[] {
  const p = project(place, points)
  const count = p.length / 2
  const at = (i: number) => (closed ? (i + count) % count : Math.max(0, Math.min(count - 1, i))) * 2
  const out: number[] = []
  for (let i = 0; i < (closed ? count : count - 1); i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)]
    const reach = Math.abs(p[c]! - p[b]!) + Math.abs(p[c + 1]! - p[b + 1]!)
    const parts = Math.max(2, Math.min(16, Math.ceil(reach / 5)))
    for (let n = 0; n < parts; n++) {
      const t = n / parts
      for (const k of [0, 1]) {
        const [w, x, y, z] = [p[a + k]!, p[b + k]!, p[c + k]!, p[d + k]!]
        out.push(
          x + 0.5 * t * (y - w + t * (2 * w - 5 * x + 4 * y - z + t * (3 * (x - y) + z - w))),
        )
      }
    }
  }
  if (!closed) out.push(p.at(-2)!, p.at(-1)!)
  return out
}

/** Adds one edge's signed area to the accumulation buffer. */
function addEdge(
  cover: Float32Array,
  width: number,
  height: number,
  ax: number,
  ay: number,
  bx: number,
  by: number,
): void {
  if (ay === by) return
  const sign = ay < by ? 1 : -1
  if (sign < 0) [ax, ay, bx, by] = [bx, by, ax, ay]
  const slope = (bx - ax) / (by - ay)
  let x = ax
  if (ay < 0) x -= ay * slope
  const last = Math.min(height, Math.ceil(by))
  for (let y = Math.max(0, Math.floor(ay)); y < last; y++) {
    const row = y * width
    const dy = Math.min(y + 1, by) - Math.max(y, ay)
    const next = x + slope * dy
    const d = dy * sign
    const low = Math.max(0, Math.min(width, Math.min(x, next)))
    const high = Math.max(0, Math.min(width, Math.max(x, next)))
    x = next
    if (low >= width) continue // right of the window: covers nothing in it
    const first = Math.floor(low)
    const end = Math.ceil(high)
    if (end <= first + 1) {
      const middle = (low + high) / 2 - first
      cover[row + first] = cover[row + first]! + d - d * middle
      if (first + 1 < width) cover[row + first + 1] = cover[row + first + 1]! + d * middle
    } else {
      const s = 1 / (high - low)
      const f = low - first
      const a0 = 0.5 * s * (1 - f) * (1 - f)
      const g = high - end + 1
      const am = 0.5 * s * g * g
      cover[row + first] = cover[row + first]! + d * a0
      if (end === first + 2) {
        cover[row + first + 1] = cover[row + first + 1]! + d * (1 - a0 - am)
      } else {
        const a1 = s * (1.5 - f)
        cover[row + first + 1] = cover[row + first + 1]! + d * (a1 - a0)
        for (let i = first + 2; i < end - 1; i++) cover[row + i] = cover[row + i]! + d * s
        const a2 = a1 + (end - first - 3) * s
        cover[row + end - 1] = cover[row + end - 1]! + d * (1 - a2 - am)
      }
      if (end < width) cover[row + end] = cover[row + end]! + d * am
    }
  }
}

function sweep(cover: Float32Array, width: number, height: number): void {
  for (let y = 0; y < height; y++) {
    let sum = 0
    const row = y * width
    for (let x = 0; x < width; x++) {
      sum += cover[row + x]!
      const c = sum < 0 ? -sum : sum
      cover[row + x] = c > 1 ? 1 : c
    }
  }
}
