/** The colour that transparent pixels are laid on: red, green and blue, 0–255. */
export interface Background {
  readonly r: number
  readonly g: number
  readonly b: number
}

/** How much is read at most: what is beyond is an error, never cut short in silence. */
export interface Limits {
  /** Default 256 MiB. */
  readonly maxFileBytes: number
  /** Default 200 million. */
  readonly maxPixels: number
  /** Files behind one reference. Default 10,000. */
  readonly maxFiles: number
}

export const defaultLimits: Limits = Object.freeze({
  maxFileBytes: 256 * 2 ** 20,
  maxPixels: 200e6,
  maxFiles: 10_000,
})
