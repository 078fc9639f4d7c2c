import { PictureDecoder } from './picture-decoder.js'

/** What the scanner takes at most. */
export interface ScanLimits {
  readonly answerBytes: number
  readonly jsonBytes: number
  readonly pictures: number
  readonly pictureBytes: number
}

/** Thrown when an answer has more of something than allowed. */
export class OverLimit extends Error {
  readonly what: string
  readonly most: number

  constructor(what: string, most: number) {
    super(`more than ${most} ${what}`)
    this.what = what
    this.most = most
  }
}

/** The parts of an answer: `rest` is its JSON with `""` for each picture and `null` for `parameters`. */
export interface ScannedAnswer {
  readonly rest: string
  /** Whether the text ended inside of a value. */
  readonly cut: boolean
  readonly bytes: number
  /** The pictures of the top-level array `images`, then the one of `image`. */
  readonly images: readonly Uint8Array[]
  readonly image: Uint8Array | undefined
}

const quote = 0x22
const backslash = 0x5c
const nothing = Buffer.from('null')

/** What becomes of the value of a top-level key. */
type Fate = 'keep' | 'pictures' | 'picture' | 'drop'
const fates: Readonly<Record<string, Fate>> = {
  images: 'pictures',
  image: 'picture',
  parameters: 'drop',
}
const longestKey = 64

/** Reads the answer to a generation as it arrives, without holding its text: pictures are decoded on the way, the
 *  request that `parameters` echoes is skipped, and the small rest is kept as JSON. It follows strings and brackets
 *  only, so any spacing, key order and escape will do; whether the rest is JSON, `JSON.parse` says. */
export class AnswerScanner {
  readonly #limits: ScanLimits
  readonly #decoder: PictureDecoder
  readonly #rest: Buffer[] = []
  #restLength = 0
  #bytes = 0
  #images: Uint8Array[] = []
  #image: Uint8Array | undefined
  #depth = 0
  /** Whether the brackets at depth 1 and 2 are an object's and an array's. */
  #topIsObject = false
  #secondIsArray = false
  #keyNext = false
  #key: string | undefined
  #fate: Fate = 'keep'
  #string: 'none' | 'plain' | 'picture' = 'none'
  #escaped = false

  constructor(limits: ScanLimits) {
    this.#limits = limits
    this.#decoder = new PictureDecoder(limits.pictureBytes)
  }

  /** How long the answer says that it is. */
  announce(bytes: number): void {
    this.#decoder.foresee(Math.min(bytes, this.#limits.answerBytes))
  }

  /** @throws {OverLimit}
   *  @throws {NotBase64}
   *  @throws {PictureTooLarge} */
  push(chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#limits.answerBytes)
      throw new OverLimit('bytes', this.#limits.answerBytes)
    let at = 0
    while (at < chunk.length)
      at = this.#string === 'none' ? this.#outside(chunk, at) : this.#inside(chunk, at)
  }

  /** How many pictures have been read in full. */
  get pictures(): number {
    return this.#images.length + (this.#image === undefined ? 0 : 1)
  }

  end(): ScannedAnswer {
    return {
      rest: Buffer.concat(this.#rest, this.#restLength).toString('utf8'),
      cut: this.#depth > 0 || this.#string !== 'none',
      bytes: this.#bytes,
      images: this.#images,
      image: this.#image,
    }
  }

  /** Between strings: follows brackets up to the next quote. Returns where it stopped. */
  #outside(chunk: Buffer, start: number): number {
    let kept = start
    let at = start
    for (; at < chunk.length; at++) {
      const sign = chunk[at]
      if (sign === quote) {
        const picture = this.#isPicture()
        if (picture && this.pictures >= this.#limits.pictures)
          throw new OverLimit('pictures', this.#limits.pictures)
        this.#string = picture ? 'picture' : 'plain'
        if (this.#depth === 1 && this.#keyNext) this.#key = ''
        this.#keep(chunk, kept, at + 1)
        return at + 1
      }
      const wasDropping = this.#fate === 'drop'
      this.#structure(sign)
      if (wasDropping !== (this.#fate === 'drop')) {
        if (wasDropping) kept = at
        else {
          this.#keepAlways(chunk, kept, at + 1)
          this.#keepAlways(nothing, 0, nothing.length)
        }
      }
    }
    this.#keep(chunk, kept, at)
    return at
  }

  #structure(sign: number | undefined): void {
    switch (sign) {
      case 0x7b: // {
      case 0x5b: // [
        this.#depth += 1
        if (this.#depth === 1) this.#topIsObject = this.#keyNext = sign === 0x7b
        if (this.#depth === 2) this.#secondIsArray = sign === 0x5b
        break
      case 0x7d: // }
      case 0x5d: // ]
        this.#depth -= 1
        if (this.#depth === 0) this.#fate = 'keep'
        break
      case 0x2c: // ,
        if (this.#depth !== 1) break
        this.#fate = 'keep'
        this.#keyNext = this.#topIsObject
        break
      case 0x3a: // :
        if (this.#depth === 1 && this.#topIsObject) this.#enterValue()
        break
      default:
    }
  }

  #enterValue(): void {
    this.#keyNext = false
    const name = this.#key ?? ''
    this.#key = undefined
    this.#fate = (Object.hasOwn(fates, name) ? fates[name] : undefined) ?? 'keep'
    if (this.#fate === 'pictures') this.#images = [] // the last of two equal keys wins, as in JSON.parse
    if (this.#fate === 'picture') this.#image = undefined
  }

  #isPicture(): boolean {
    if (this.#fate === 'picture') return this.#depth === 1
    return this.#fate === 'pictures' && this.#depth === 2 && this.#secondIsArray
  }

  /** In a string: runs to its closing quote, or to the end of the chunk. Returns where it stopped. */
  #inside(chunk: Buffer, start: number): number {
    let from = start
    for (;;) {
      const found = chunk.indexOf(quote, from)
      const end = found === -1 ? chunk.length : found
      this.#escaped = oddBackslashes(chunk, from, end, this.#escaped)
      if (found === -1) {
        this.#take(chunk, start, end)
        return end
      }
      if (!this.#escaped) {
        this.#take(chunk, start, end)
        this.#close(chunk, found)
        return found + 1
      }
      this.#escaped = false
      from = found + 1
    }
  }

  #take(chunk: Buffer, start: number, end: number): void {
    if (this.#string === 'picture') {
      this.#decoder.feed(chunk, start, end)
      return
    }
    if (this.#key !== undefined && this.#key.length < longestKey)
      this.#key += chunk.toString('latin1', start, end)
    this.#keep(chunk, start, end)
  }

  #close(chunk: Buffer, at: number): void {
    if (this.#string === 'picture') {
      const bytes = this.#decoder.finish()
      if (this.#fate === 'pictures') this.#images.push(bytes)
      else this.#image = bytes
    }
    if (this.#key?.includes('\\') === true) this.#key = unescapedKey(this.#key)
    this.#string = 'none'
    this.#keep(chunk, at, at + 1)
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    if (this.#fate !== 'drop') this.#keepAlways(chunk, start, end)
  }

  #keepAlways(chunk: Buffer, start: number, end: number): void {
    if (start === end) return
    this.#restLength += end - start
    if (this.#restLength > this.#limits.jsonBytes)
      throw new OverLimit('bytes beside its pictures', this.#limits.jsonBytes)
    // A copy: the chunk is the socket's, and would stay in memory whole.
    this.#rest.push(Buffer.from(chunk.subarray(start, end)))
  }
}

/** Whether the sign after `end` is escaped: an odd run of backslashes before it, which may have begun in the chunk
 *  before. */
function oddBackslashes(chunk: Buffer, start: number, end: number, carried: boolean): boolean {
  let at = end
  while (at > start && chunk[at - 1] === backslash) at -= 1
  const odd = (end - at) % 2 === 1
  return at === start && carried ? !odd : odd
}

function unescapedKey(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}
