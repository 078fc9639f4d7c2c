import { type MediaType, readImageHeader } from '@stagewright/core'

import { type PictureBlock, readBlock } from '../block/block.js'
import { exifComment, exifText } from './exif.js'
import { jpegBlock, jpegExif, readJpeg } from './jpeg.js'
import { pngChunks, type PngChunk } from './png-chunks.js'
import { pngText } from './png-text.js'
import { type MetadataProblem, mostPacketBytes, mostTextBytes, problem } from './problem.js'
import { readWebP, webpChunk, webpExif } from './webp.js'
import { xmpBlock } from './xmp.js'

/** What a picture carries about itself. */
export interface PictureMetadata {
  readonly media_type?: MediaType | undefined
  /** The text that WebUI servers and their tools read and write. */
  readonly infotext?: string | undefined
  /** What the WebUI's page for extras adds beside an infotext. */
  readonly postprocessing?: string | undefined
  readonly block?: PictureBlock | undefined
  /** ComfyUI's graph as it was run: JSON. */
  readonly comfy?: string | undefined
  /** Where the texts stand: chunks of a PNG, or EXIF (the block: XMP) of any format. */
  readonly source?: 'png-text' | 'exif' | undefined
  /** What is there but could not be read, and why. */
  readonly problems: readonly MetadataProblem[]
}

export const infotextKeyword = 'parameters'
export const blockKeyword = 'stagewright'
export const xmpKeyword = 'XML:com.adobe.xmp'

/** Reads what a PNG, JPEG or WebP carries, without decoding its pixels. Never throws: what is damaged, too long (1 MiB a
 *  text, inflated) or written by a newer version is left out, with the reason in `problems`.
 *  @source WebUI modules/images.py; PNG (third edition) §11.3; Exif 2.3; XMP part 3; RFC 9649 */
export function readMetadata(bytes: Uint8Array): PictureMetadata {
  const found = new Found()
  try {
    const media_type = readImageHeader(bytes)?.mediaType
    if (!read(bytes, found))
      found.report('picture', 'not_a_picture', 'this is no PNG, JPEG or WebP picture')
    return found.metadata(media_type)
  } catch (error) {
    // No reader of ours throws on purpose; a file that makes one do so is damaged.
    found.report('picture', 'damaged', error instanceof Error ? error.message : String(error))
    return found.metadata(undefined)
  }
}

/** The infotext of a picture; undefined where there is none. */
export function infotextOf(bytes: Uint8Array): string | undefined {
  return readMetadata(bytes).infotext
}

function read(bytes: Uint8Array, found: Found): boolean {
  const chunks = pngChunks(bytes)
  if (chunks !== undefined) {
    readPng(chunks, found)
    return true
  }
  const jpeg = readJpeg(bytes)
  if (jpeg !== undefined) {
    if (!jpeg.whole) found.report('picture', 'damaged', 'the JPEG is cut off')
    found.exif(jpegExif(jpeg))
    found.block(jpegBlock(jpeg), 'exif')
    return true
  }
  const webp = readWebP(bytes)
  if (webp === undefined) return false
  if (!webp.whole) found.report('picture', 'damaged', 'the WebP is cut off')
  found.exif(webpExif(webp))
  found.packet(webpChunk(webp, 'XMP '))
  return true
}

function readPng(chunks: readonly PngChunk[], found: Found): void {
  if (chunks.at(-1)?.type !== 'IEND') found.report('picture', 'damaged', 'the PNG is cut off')
  const text = (keyword: string, field: 'infotext' | 'block' | 'comfy'): string | undefined => {
    const { text: value, problem: why } = pngText(chunks, keyword)
    if (why !== undefined) found.report(field, why.reason, why.message)
    return value
  }
  found.infotext(text(infotextKeyword, 'infotext'), 'png-text')
  found.postprocessing = text('postprocessing', 'infotext')
  found.block(text(blockKeyword, 'block'), 'png-text')
  found.comfy(text('prompt', 'comfy'), 'png-text')
  // Tools that turn a JPEG into a PNG keep its EXIF and XMP.
  found.exif(chunks.find(({ type }) => type === 'eXIf')?.data)
  const { text: packet } = pngText(chunks, xmpKeyword)
  if (packet !== undefined) found.block(xmpBlock(packet), 'exif')
}

type Source = 'png-text' | 'exif'

/** Collects what is found; what comes first stays. */
class Found {
  postprocessing: string | undefined
  #infotext: string | undefined
  #block: PictureBlock | undefined
  #comfy: string | undefined
  #source: Source | undefined
  readonly #problems: MetadataProblem[] = []

  report(...[field, reason, message]: Parameters<typeof problem>): void {
    this.#problems.push(problem(field, reason, message))
  }

  infotext(text: string | undefined, source: Source): void {
    if (text === undefined || text === '' || this.#infotext !== undefined) return
    this.#infotext = text
    this.#source ??= source
  }

  block(json: string | undefined, source: Source): void {
    if (json === undefined || this.#block !== undefined) return
    const { block, problem: why } = readBlock(json)
    if (why !== undefined) this.report('block', why.reason, why.message)
    if (block !== undefined) this.#source ??= source
    this.#block = block
  }

  comfy(json: string | undefined, source: Source): void {
    // Other tools use the keyword too: a graph is an object.
    if (json === undefined || !/^\s*\{/.test(json) || this.#comfy !== undefined) return
    this.#comfy = json
    this.#source ??= source
  }

  exif(block: Uint8Array | undefined): void {
    if (block === undefined) return
    const comment = exifComment(block)
    if (comment !== undefined && Buffer.byteLength(comment) > mostTextBytes)
      this.report('infotext', 'too_long', `the text is longer than ${mostTextBytes} bytes`)
    else this.infotext(comment, 'exif')
    // ComfyUI's WebP files hold "prompt:{…}" as the camera's model, "workflow:{…}" as its make.
    for (const tag of [0x0110, 0x010f]) {
      const value = exifText(block, tag)
      if (value?.startsWith('prompt:') === true && value.length <= mostTextBytes)
        this.comfy(value.slice(7), 'exif')
    }
  }

  packet(data: Uint8Array | undefined): void {
    if (data === undefined) return
    if (data.length > mostPacketBytes)
      this.report('block', 'too_long', `the XMP packet is longer than ${mostPacketBytes} bytes`)
    else this.block(xmpBlock(Buffer.from(data).toString('utf8')), 'exif')
  }

  metadata(media_type: MediaType | undefined): PictureMetadata {
    return Object.freeze({
      media_type,
      infotext: this.#infotext,
      postprocessing: this.postprocessing,
      block: this.#block,
      comfy: this.#comfy,
      source: this.#source,
      problems: Object.freeze(this.#problems),
    })
  }
}
