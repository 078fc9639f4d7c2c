import { blurPlane } from './blur.js'
import { addEdge, sweep } from './cover.js'
import { type Place, project, smooth } from './curve.js'
import { noiseTable, sample } from './noise.js'

export type { Place } from './curve.js'

/** Red, green and blue, 0–1. */
export type Rgb = readonly [number, number, number]

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
