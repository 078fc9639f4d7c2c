import type { Preview } from '@stagewright/core'

/** A live preview of a task; without a picture where what came cannot be shown. */
export interface LivePreview {
  readonly id: number
  readonly picture: Preview | undefined
}

/** Far above any preview; what is larger is left alone. */
const mostBytes = 16 * 2 ** 20

/** The live preview in an answer of `/internal/progress`, if it holds a new one. */
export async function previewIn(
  body: Readonly<Record<string, unknown>>,
): Promise<LivePreview | undefined> {
  const { live_preview: uri, id_live_preview: id } = body
  if (typeof uri !== 'string' || typeof id !== 'number' || !Number.isFinite(id)) return undefined
  return { id, picture: await pictureIn(uri) }
}

/** PNG, JPEG or WebP by its own first bytes, whatever the URI calls it. */
async function pictureIn(uri: string): Promise<Preview | undefined> {
  const head = /^data:[^,]{0,100};base64,/i.exec(uri.slice(0, 128))?.[0]
  if (head === undefined || ((uri.length - head.length) / 4) * 3 > mostBytes) return undefined
  const bytes = new Uint8Array(Buffer.from(uri.slice(head.length), 'base64'))
  const { readImageHeader } = await import('@stagewright/core')
  const header = readImageHeader(bytes)
  return header === undefined ? undefined : { bytes, mediaType: header.mediaType }
}
