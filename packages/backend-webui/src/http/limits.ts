/** What the client waits for (milliseconds) and takes (bytes, pictures) at most. */
export interface Limits {
  /** Until a connection stands. */
  readonly connect: number
  /** Until a read is answered. */
  readonly read: number
  /** Between two signs of progress of a generation. */
  readonly stall: number
  /** Between two signs of progress where a model is loaded in the middle of a generation. */
  readonly load: number
  /** For a generation as a whole, its time in the server's queue included. */
  readonly total: number
  /** Until an interrupted generation has answered. */
  readonly cancel: number
  /** Of the answer to a generation, decompressed. */
  readonly answerBytes: number
  /** Of an answer's JSON without its pictures, and of the answer to a read. */
  readonly jsonBytes: number
  readonly pictures: number
  readonly pictureBytes: number
}

const second = 1000
const mebibyte = 2 ** 20

/** A1111 has been seen to load a model for 474 s; a picture of 120 MP has at most 360 MB as PNG. */
export const defaultLimits: Limits = Object.freeze({
  connect: 10 * second,
  read: 60 * second,
  stall: 120 * second,
  load: 600 * second,
  total: 3600 * second,
  cancel: 30 * second,
  answerBytes: 1024 * mebibyte,
  jsonBytes: 64 * mebibyte,
  pictures: 256,
  pictureBytes: 384 * mebibyte,
})
