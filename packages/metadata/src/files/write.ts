import { checkBlock, type PictureBlock } from '../block/block.js'
import { exifComment, isExif, withExifComment } from './exif.js'
import {
  type Jpeg,
  jpegBytes,
  jpegExif,
  mostSegmentBytes,
  readJpeg,
  withJpegBlock,
  withJpegExif,
} from './jpeg.js'
import { pngChunks, type PngChunk } from './png-chunks.js'
import { keywordOf, textChunk } from './png-text.js'
import { type MetadataProblem, mostTextBytes, problem } from './problem.js'
import { blockKeyword, infotextKeyword } from './read.js'
import { readWebP, type WebP, webpBytes, webpChunk, webpExif, withWebPChunks } from './webp.js'
import { withXmpBlock } from './xmp.js'

/** What is put into a picture; what is not given stays as it is. */
export interface MetadataToWrite {
  readonly infotext?: string | undefined
  readonly block?: PictureBlock | undefined
}

export interface WrittenPicture {
  /** The picture with all that could be written; the given bytes where nothing could. */
  readonly bytes: Uint8Array
  /** What could not be written (or kept), and why; empty when all is in. */
  readonly problems: readonly MetadataProblem[]
}

/** Puts texts into a picture in place of those it has, without decoding it: pixels are not touched. PNG: `parameters`
 *  (tEXt, iTXt where Latin-1 does not do) and `stagewright` (iTXt). JPEG and WebP: the infotext as EXIF UserComment with
 *  other EXIF kept, the block in XMP. A JPEG's infotext must fit in one segment (some 32,700 letters); a longer one is
 *  refused in `problems`. Texts over 1 MiB are refused in every format, as none would be read back.
 *  @source WebUI modules/images.py; PNG (third edition) §11.3.3; Exif 2.3 §4.6.5; XMP part 3 §1.1.3; RFC 9649 §2.7 */
export function withMetadata(bytes: Uint8Array, given: MetadataToWrite): WrittenPicture {
  const problems: MetadataProblem[] = []
  const texts = accepted(given, problems)
  try {
    return { bytes: spliced(bytes, texts, problems) ?? bytes, problems: Object.freeze(problems) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { bytes, problems: [...problems, problem('picture', 'damaged', message)] }
  }
}

interface Texts {
  readonly infotext: string | undefined
  readonly json: string | undefined
}

function accepted({ infotext, block }: MetadataToWrite, problems: MetadataProblem[]): Texts {
  const json = block === undefined ? undefined : JSON.stringify(block)
  const wrong = json === undefined ? undefined : checkBlock(JSON.parse(json)).problem
  if (wrong !== undefined) problems.push(problem('block', wrong.reason, wrong.message))
  const fits = (field: 'infotext' | 'block', text: string | undefined): string | undefined => {
    if (text === undefined || Buffer.byteLength(text) <= mostTextBytes) return text
    problems.push(problem(field, 'too_long', `it is longer than ${mostTextBytes} bytes`))
    return undefined
  }
  return {
    infotext: fits('infotext', infotext),
    json: wrong === undefined ? fits('block', json) : undefined,
  }
}

function spliced(bytes: Uint8Array, texts: Texts, problems: MetadataProblem[]) {
  const chunks = pngChunks(bytes)
  if (chunks !== undefined) return png(bytes, chunks, texts, problems)
  const found = readJpeg(bytes)
  if (found !== undefined) return jpeg(found, texts, problems)
  const riff = readWebP(bytes)
  if (riff !== undefined) return webp(riff, texts, problems)
  problems.push(problem('picture', 'not_a_picture', 'this is no PNG, JPEG or WebP picture'))
  return undefined
}

function png(
  bytes: Uint8Array,
  chunks: readonly PngChunk[],
  { infotext, json }: Texts,
  problems: MetadataProblem[],
): Uint8Array | undefined {
  const [header, ...rest] = chunks
  if (header?.type !== 'IHDR' || rest.at(-1)?.type !== 'IEND') return cutOff('PNG', problems)
  const added = [
    ...(infotext === undefined ? [] : [textChunk(infotextKeyword, infotext)]),
    ...(json === undefined ? [] : [textChunk(blockKeyword, json, true)]),
  ]
  const replaced = new Set([
    ...(infotext === undefined ? [] : [infotextKeyword]),
    ...(json === undefined ? [] : [blockKeyword]),
  ])
  const kept = rest.filter((one) => !replaced.has(keywordOf(one) ?? ''))
  const start = bytes.subarray(0, 8)
  return Buffer.concat([start, header.whole, ...added, ...kept.map(({ whole }) => whole)])
}

function jpeg(
  picture: Jpeg,
  { infotext, json }: Texts,
  problems: MetadataProblem[],
): Uint8Array | undefined {
  if (!picture.whole) return cutOff('JPEG', problems)
  const commented = infotext === undefined ? picture : jpegWithText(picture, infotext, problems)
  if (json === undefined) return jpegBytes(commented)
  const blocked = withJpegBlock(commented, json)
  if (blocked === undefined)
    problems.push(problem('block', 'too_long', 'the XMP of another tool leaves no room for it'))
  return jpegBytes(blocked ?? commented)
}

/** Room for EXIF in a segment, behind its head. */
const mostExifBytes = mostSegmentBytes - 6

function jpegWithText(picture: Jpeg, infotext: string, problems: MetadataProblem[]): Jpeg {
  const old = jpegExif(picture)
  const block = exifWith(old, infotext, problems)
  if (block.length <= mostExifBytes) return withJpegExif(picture, block)
  const alone = withExifComment(undefined, infotext)
  if (alone.length > mostExifBytes) {
    problems.push(
      problem('infotext', 'too_long', 'one segment of a JPEG cannot hold it: use PNG or WebP'),
    )
    return picture
  }
  problems.push(
    problem('exif', 'too_long', 'other EXIF was left out: one segment cannot hold both'),
  )
  return withJpegExif(picture, alone)
}

function webp(
  picture: WebP,
  { infotext, json }: Texts,
  problems: MetadataProblem[],
): Uint8Array | undefined {
  if (!picture.whole) return cutOff('WebP', problems)
  const exif = infotext === undefined ? undefined : exifWith(webpExif(picture), infotext, problems)
  const old = webpChunk(picture, 'XMP ')
  const packet = old === undefined ? undefined : Buffer.from(old).toString('utf8')
  const joined = json === undefined ? undefined : withXmpBlock(packet, json)
  if (json !== undefined && joined === undefined)
    problems.push(problem('block', 'damaged', 'the XMP packet that is there cannot be read'))
  const xmp = joined === undefined ? undefined : Buffer.from(joined, 'utf8')
  const whole = withWebPChunks(picture, { exif, xmp })
  return whole === undefined ? cutOff('WebP', problems) : webpBytes(whole)
}

/** The EXIF with the text; a block that cannot be read cannot be kept. */
function exifWith(
  old: Uint8Array | undefined,
  infotext: string,
  problems: MetadataProblem[],
): Buffer {
  if (old !== undefined && !isExif(old))
    problems.push(problem('exif', 'damaged', 'the EXIF that was there could not be read'))
  const block = withExifComment(old, infotext)
  if (exifComment(block) !== infotext) throw new TypeError('the comment does not come back')
  return block
}

function cutOff(what: string, problems: MetadataProblem[]): undefined {
  problems.push(problem('picture', 'damaged', `the ${what} is cut off`))
  return undefined
}
