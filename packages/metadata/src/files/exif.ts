/** A directory of an EXIF block. */
interface Directory {
  readonly at: number
  /** Behind the last entry and the pointer to the next directory. */
  readonly end: number
  readonly entries: readonly Entry[]
}

interface Entry {
  readonly tag: number
  /** The 12 bytes as they stand. */
  readonly raw: Buffer
  readonly data: Buffer
  /** Where the value stands in the block. */
  readonly dataAt: number
}

interface Tiff {
  readonly bytes: Buffer
  readonly little: boolean
  readonly main: Directory
  readonly exif: Directory | undefined
}

const exifPointer = 0x8769
const userComment = 0x9286
const unicode = Buffer.from('UNICODE\0', 'latin1')
const entryBytes = 12

/** The user comment of an EXIF block (without its `Exif` head); undefined where there is none that can be read.
 *  @source Exif 2.3 §4.6.5; the WebUI's comments are UTF-16 behind "UNICODE", big-endian whatever the block is */
export function exifComment(block: Uint8Array): string | undefined {
  const tiff = parsed(block)
  const entry = tiff?.exif?.entries.find(({ tag }) => tag === userComment)
  return tiff === undefined || entry === undefined ? undefined : decoded(entry.data, tiff.little)
}

/** A text of the main directory, such as ImageDescription (0x010e). */
export function exifText(block: Uint8Array, tag: number): string | undefined {
  const entry = parsed(block)?.main.entries.find((one) => one.tag === tag)
  return entry?.data.toString('utf8').replace(/\0+$/, '')
}

/** Whether a block can be read, and so be kept. */
export function isExif(block: Uint8Array): boolean {
  return parsed(block) !== undefined
}

/** An EXIF block with `text` as its user comment. All that `old` holds stays where it is, since its values are found by
 *  their place: the new directory and the comment are written behind it. */
export function withExifComment(old: Uint8Array | undefined, text: string): Buffer {
  const tiff = (old === undefined ? undefined : parsed(old)) ?? parsed(emptyBlock())
  if (tiff === undefined) throw new TypeError('an empty EXIF block can be read')
  const { little, main, exif } = tiff
  const kept = withoutOwnTail(tiff)
  const parts = [kept, Buffer.alloc(kept.length % 2)]
  let end = kept.length + (kept.length % 2)
  const patches: [at: number, value: number][] = []
  const pointer = main.entries.findIndex(({ tag }) => tag === exifPointer)
  if (pointer >= 0) patches.push([main.at + 2 + pointer * entryBytes + 8, end])
  else {
    const entries = sorted([
      ...main.entries.map(({ raw }) => raw),
      newEntry(little, exifPointer, 4, 1),
    ])
    const at = entries.findIndex((raw) => tagOf(raw, little) === exifPointer)
    const next = tiff.bytes.subarray(main.end - 4, main.end)
    const moved = directory(entries, little, next)
    patches.push([4, end], [end + 2 + at * entryBytes + 8, end + moved.length])
    parts.push(moved)
    end += moved.length
  }
  const comment = encoded(text, little)
  const others = (exif?.entries ?? []).filter(({ tag }) => tag !== userComment)
  const own = newEntry(little, userComment, 7, comment.length)
  const entries = sorted([...others.map(({ raw }) => raw), own])
  const made = directory(entries, little, Buffer.alloc(4))
  const at = entries.indexOf(own)
  patches.push([end + 2 + at * entryBytes + 8, end + made.length])
  const whole = Buffer.concat([...parts, made, comment])
  for (const [where, value] of patches) write32(whole, where, value, little)
  return whole

  function sorted(raws: Buffer[]): Buffer[] {
    return raws.toSorted((a, b) => tagOf(a, little) - tagOf(b, little))
  }
}

/** A comment that was written by this module is the block's end, its directory right before it: both are written anew,
 *  so that a block does not grow each time. */
function withoutOwnTail({ bytes, main, exif }: Tiff): Buffer {
  const comment = exif?.entries.find(({ tag }) => tag === userComment)
  const own =
    exif !== undefined &&
    comment !== undefined &&
    main.end <= exif.at &&
    comment.dataAt === exif.end &&
    comment.dataAt + comment.data.length === bytes.length
  return own ? bytes.subarray(0, exif.at) : bytes
}

function parsed(block: Uint8Array): Tiff | undefined {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  const order = bytes.toString('latin1', 0, 2)
  if (bytes.length < 14 || (order !== 'II' && order !== 'MM')) return undefined
  const little = order === 'II'
  if (read16(bytes, 2, little) !== 42) return undefined
  const main = directoryAt(bytes, read32(bytes, 4, little), little)
  const pointer = main?.entries.find(({ tag }) => tag === exifPointer)
  if (main === undefined) return undefined
  if (pointer === undefined) return { bytes, little, main, exif: undefined }
  const exif = directoryAt(bytes, read32(pointer.raw, 8, little), little)
  return exif === undefined ? undefined : { bytes, little, main, exif }
}

/** Bytes of one value, by its type. @source TIFF 6.0 §2; Exif 2.3 §4.6.2 */
const sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]

function directoryAt(bytes: Buffer, at: number, little: boolean): Directory | undefined {
  if (at < 8 || at + 6 > bytes.length) return undefined
  const count = read16(bytes, at, little)
  const end = at + 2 + count * entryBytes + 4
  if (end > bytes.length) return undefined
  const entries: Entry[] = []
  for (let i = 0; i < count; i++) {
    const raw = bytes.subarray(at + 2 + i * entryBytes, at + 2 + (i + 1) * entryBytes)
    const length = (sizes[read16(raw, 2, little)] ?? 0) * read32(raw, 4, little)
    const inline = length <= 4
    const dataAt = inline ? at + 2 + i * entryBytes + 8 : read32(raw, 8, little)
    const whole = dataAt + length <= bytes.length
    const data = whole ? bytes.subarray(dataAt, dataAt + length) : Buffer.alloc(0)
    entries.push({ tag: tagOf(raw, little), raw, data, dataAt })
  }
  return { at, end, entries }
}

/** A block whose main directory points to an Exif directory without entries. */
function emptyBlock(): Buffer {
  const head = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8])
  const pointer = newEntry(false, exifPointer, 4, 1)
  pointer.writeUInt32BE(26, 8)
  const none = Buffer.alloc(4)
  return Buffer.concat([head, directory([pointer], false, none), directory([], false, none)])
}

function directory(entries: readonly Buffer[], little: boolean, next: Buffer): Buffer {
  const count = Buffer.alloc(2)
  write16(count, 0, entries.length, little)
  return Buffer.concat([count, ...entries, next])
}

/** An entry whose value or place is filled in later. */
function newEntry(little: boolean, tag: number, type: number, count: number): Buffer {
  const raw = Buffer.alloc(entryBytes)
  write16(raw, 0, tag, little)
  write16(raw, 2, type, little)
  write32(raw, 4, count, little)
  return raw
}

function encoded(text: string, little: boolean): Buffer {
  const comment = Buffer.concat([unicode, Buffer.from(text, 'utf16le').swap16()])
  // A text that would be taken for the other byte order gets a mark.
  return decoded(comment, little) === text
    ? comment
    : Buffer.concat([unicode, Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()])
}

function decoded(comment: Buffer, little: boolean): string | undefined {
  const prefix = comment.toString('latin1', 0, 8)
  const body = comment.subarray(8)
  if (prefix === 'ASCII\0\0\0' || prefix === '\0'.repeat(8))
    return body.toString('utf8').replace(/\0+$/, '')
  if (prefix !== 'UNICODE\0') return undefined
  const even = Buffer.from(body.subarray(0, body.length & ~1))
  const first = even.length >= 2 ? even.readUInt16BE(0) : 0
  if (first === 0xfeff || first === 0xfffe) {
    const marked = Buffer.from(even.subarray(2))
    return (first === 0xfeff ? marked.swap16() : marked).toString('utf16le')
  }
  return (little && isLittle(even) ? even : even.swap16()).toString('utf16le')
}

/** Latin letters tell the byte order: their upper byte is 0. */
function isLittle(text: Buffer): boolean {
  let balance = 0
  for (let i = 0; i + 1 < text.length; i += 2)
    balance += (text[i + 1] === 0 ? 1 : 0) - (text[i] === 0 ? 1 : 0)
  return balance > 0
}

function tagOf(raw: Buffer, little: boolean): number {
  return read16(raw, 0, little)
}

function read16(bytes: Buffer, at: number, little: boolean): number {
  return little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
}

function read32(bytes: Buffer, at: number, little: boolean): number {
  return little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
}

function write16(bytes: Buffer, at: number, value: number, little: boolean): void {
  if (little) bytes.writeUInt16LE(value, at)
  else bytes.writeUInt16BE(value, at)
}

function write32(bytes: Buffer, at: number, value: number, little: boolean): void {
  if (little) bytes.writeUInt32LE(value, at)
  else bytes.writeUInt32BE(value, at)
}
