/** Thrown for a text that is not base64. */
export class NotBase64 extends Error {}

/** Thrown when a picture is larger than allowed. */
export class PictureTooLarge extends Error {
  readonly most: number

  constructor(most: number) {
    super(`more than ${most} bytes`)
    this.most = most
  }
}

/** A string temporary of 128 KB and more costs Node 20 and 24 six to ten times as much; 32 KiB measured best. */
const textAtOnce = 32 * 1024
/** Long enough to tell a data URI from base64. */
const headLength = 64
const smallestRoom = 2 ** 20
const largestForeseen = 256 * 2 ** 20

/** Decodes the base64 text of one picture after the other as it arrives, in small pieces, into the memory that it is
 *  handed on in. The pictures of one answer lie in one piece of memory, taken at the length that the answer says it
 *  has: nothing is copied, no page is touched before a picture reaches it, and the collector, which would else run for
 *  every few of them, runs once, and frees those of the answer before. What is not plain base64 (a data URI, JSON
 *  escapes, line breaks) is gathered as text and cleaned at the end. */
export class PictureDecoder {
  readonly #most: number
  #room: Buffer<ArrayBuffer> = Buffer.alloc(0)
  /** Where the picture begins in it. */
  #start = 0
  #length = 0
  /** Text that waits for the rest of its group of four. */
  #carry = ''
  /** The raw rest of a picture that is not plain base64. */
  #raw: string[] | undefined
  #rawLength = 0
  #padded = false

  constructor(most: number) {
    this.#most = most
  }

  /** What is still to come has at most this length as text. */
  foresee(textLength: number): void {
    const bytes = Math.ceil((textLength * 3) / 4)
    this.#room = Buffer.allocUnsafeSlow(Math.min(bytes, largestForeseen))
    this.#start = 0
  }

  feed(chunk: Buffer, start: number, end: number): void {
    if (this.#raw !== undefined) {
      this.#gather(chunk.toString('latin1', start, end))
      return
    }
    let at = start
    if (this.#carry !== '' || this.#length === 0) {
      const wanted = this.#length === 0 ? headLength : 4
      const taken = Math.min(wanted - this.#carry.length, end - at)
      this.#carry += chunk.toString('latin1', at, at + taken)
      at += taken
      if (this.#carry.length < wanted) return
      const text = this.#carry
      this.#carry = ''
      if (!this.#decode(text)) {
        this.#gather(text)
        this.#gather(chunk.toString('latin1', at, end))
        return
      }
    }
    const whole = end - ((end - at) % 4)
    while (at < whole) {
      const next = Math.min(at + textAtOnce, whole)
      if (!this.#decode(chunk.toString('latin1', at, next))) {
        this.#gather(chunk.toString('latin1', at, end))
        return
      }
      at = next
    }
    this.#carry = chunk.toString('latin1', whole, end)
  }

  /** The picture's bytes; the decoder is ready for the next.
   *  @throws {NotBase64} */
  finish(): Uint8Array<ArrayBuffer> {
    try {
      const text = unescaped(this.#raw?.join('') ?? this.#carry)
      this.#decodeRest(this.#length === 0 ? withoutDataUri(text) : text)
      return new Uint8Array(this.#room.buffer, this.#start, this.#length)
    } finally {
      this.#start += this.#length
      this.#length = 0
      this.#carry = ''
      this.#raw = undefined
      this.#rawLength = 0
      this.#padded = false
    }
  }

  /** Decodes whole groups of four. False when there is anything else in them: `Buffer` skips that silently, so the
   *  count of bytes tells. */
  #decode(text: string): boolean {
    if (this.#padded) return text === ''
    const whole = (text.length / 4) * 3
    this.#reserve(this.#length + whole)
    const written = this.#room.write(text, this.#start + this.#length, 'base64')
    if (written !== whole) {
      const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
      if (padding === 0 || written !== whole - padding) return false
      this.#padded = true
    }
    this.#length += written
    return true
  }

  #decodeRest(text: string): void {
    const clean = text.replaceAll(/\s+/g, '')
    const bare = clean.replace(/={1,2}$/, '')
    if (bare === '' && clean === '') return
    if (this.#padded || bare.length % 4 === 1) throw new NotBase64()
    if (clean.length !== bare.length && clean.length % 4 !== 0) throw new NotBase64()
    const expected = Math.floor((bare.length * 3) / 4)
    this.#reserve(this.#length + expected)
    const written = this.#room.write(bare, this.#start + this.#length, 'base64')
    if (written !== expected) throw new NotBase64()
    this.#length += written
  }

  #gather(text: string): void {
    this.#raw ??= []
    this.#raw.push(text)
    this.#rawLength += text.length
    if (this.#length + this.#rawLength / 2 > this.#most) throw new PictureTooLarge(this.#most)
  }

  #reserve(bytes: number): void {
    if (bytes > this.#most) throw new PictureTooLarge(this.#most)
    if (this.#start + bytes <= this.#room.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(smallestRoom, bytes * 2))
    larger.set(this.#room.subarray(this.#start, this.#start + this.#length))
    this.#room = larger
    this.#start = 0
  }
}

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    throw new NotBase64()
  }
}

function withoutDataUri(text: string): string {
  return text.trimStart().replace(/^data:[^,]{0,200},/i, '')
}
