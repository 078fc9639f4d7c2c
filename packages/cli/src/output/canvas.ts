/** Red, green, blue, 0–255. */
export type Colour = readonly [number, number, number]

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Pixels to draw on: 8-bit RGB, row by row. What reaches over the edge is cut off. */
export class Canvas {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array

  constructor(width: number, height: number, colour: Colour) {
    this.width = width
    this.height = height
    this.pixels = new Uint8Array(width * height * 3)
    this.paint({ x: 0, y: 0, width, height }, colour)
  }

  paint(box: Box, [r, g, b]: Colour): void {
    const { left, top, right, bottom } = this.#cut(box)
    for (let y = top; y < bottom; y++)
      for (let at = (y * this.width + left) * 3; at < (y * this.width + right) * 3; at += 3) {
        this.pixels[at] = r
        this.pixels[at + 1] = g
        this.pixels[at + 2] = b
      }
  }

  /** A frame of `thickness` pixels inside the box. */
  frame({ x, y, width, height }: Box, thickness: number, colour: Colour): void {
    this.paint({ x, y, width, height: thickness }, colour)
    this.paint({ x, y: y + height - thickness, width, height: thickness }, colour)
    this.paint({ x, y, width: thickness, height }, colour)
    this.paint({ x: x + width - thickness, y, width: thickness, height }, colour)
  }

  /** Copies RGB pixels of `box`'s size. */
  paste(pixels: Uint8Array, box: Box): void {
    const { left, top, right, bottom } = this.#cut(box)
    for (let y = top; y < bottom; y++) {
      const from = ((y - box.y) * box.width + (left - box.x)) * 3
      const row = pixels.subarray(from, from + (right - left) * 3)
      this.pixels.set(row, (y * this.width + left) * 3)
    }
  }

  #cut({ x, y, width, height }: Box) {
    return {
      left: Math.max(0, x),
      top: Math.max(0, y),
      right: Math.max(0, Math.min(this.width, x + width)),
      bottom: Math.max(0, Math.min(this.height, y + height)),
    }
  }
}
