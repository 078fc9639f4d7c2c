import { type FileHandle, open, readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

import { isMissing, readError, writeError } from '../disk/files.js'
import { errors } from '../errors.js'
import type { JournalEvent } from './journal-events.js'

export const journalVersion = 1
const mostBytes = 2 ** 28

/** What a journal holds: its events in order, and what was passed over. */
export interface JournalContent {
  readonly events: readonly JournalEvent[]
  readonly problems: readonly string[]
  /** Bytes up to the end of the last whole line. */
  readonly length: number
}

/** Reads a journal. A torn last line is dropped; a damaged one in between is passed over, and told.
 *  @throws {PipelineError} SW_STORE_NEWER, SW_STORE_READ_FAILED */
export async function readJournal(path: string): Promise<JournalContent> {
  const text = await readText(path)
  const events: JournalEvent[] = []
  const problems: string[] = []
  const whole = text.lastIndexOf('\n') + 1
  const lines = text.slice(0, whole).split('\n').slice(0, -1)
  for (const [i, line] of lines.entries()) {
    const event = eventIn(line)
    if (event === undefined) problems.push(`line ${i + 1} is damaged and was passed over`)
    else if (event.type === 'journal' && event.v > journalVersion)
      throw errors.SW_STORE_NEWER({ path, found: event.v, known: journalVersion })
    else events.push(event)
  }
  if (whole < text.length) problems.push(`line ${lines.length + 1} was not written to its end`)
  return { events, problems, length: Buffer.byteLength(text.slice(0, whole)) }
}

/** The journal of a run while it is written: one line an event, each with its checksum, in the order given. */
export class Journal {
  readonly path: string
  readonly #file: FileHandle
  readonly #told: ((event: JournalEvent) => void) | undefined
  #length: number
  #queue: Promise<void> = Promise.resolve()

  private constructor(
    path: string,
    file: FileHandle,
    length: number,
    told: ((event: JournalEvent) => void) | undefined,
  ) {
    this.path = path
    this.#file = file
    this.#length = length
    this.#told = told
  }

  /** Opens it for more, from `length` on: what stands behind was not written to its end.
   *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
  static async open(
    path: string,
    length: number,
    told?: (event: JournalEvent) => void,
  ): Promise<Journal> {
    try {
      // Not in append mode: a line that failed half-way is written over by the next.
      const file = await open(path, length === 0 ? 'w' : 'r+')
      if (length > 0) await file.truncate(length)
      return new Journal(path, file, length, told)
    } catch (error) {
      throw writeError(path, error)
    }
  }

  /** Appends an event. With `sync`, it is on the disk when this resolves.
   *  @throws {PipelineError} SW_STORE_DISK_FULL, SW_STORE_WRITE_FAILED */
  append(event: JournalEvent, { sync = false }: { readonly sync?: boolean } = {}): Promise<void> {
    const written = this.#queue.then(() => this.#write(event))
    this.#queue = written.catch(() => undefined)
    return sync ? written.then(() => this.#sync()) : written
  }

  async close(): Promise<void> {
    await this.#queue
    await this.#file.close()
  }

  async #write(event: JournalEvent): Promise<void> {
    const line = Buffer.from(lineOf(event))
    try {
      for (let done = 0; done < line.length;) {
        const { bytesWritten } = await this.#file.write(line, done, undefined, this.#length + done)
        done += bytesWritten
      }
    } catch (error) {
      throw writeError(this.path, error)
    }
    this.#length += line.length
    this.#told?.(event)
  }

  async #sync(): Promise<void> {
    try {
      await this.#file.datasync()
    } catch (error) {
      throw writeError(this.path, error)
    }
  }
}

/** One line of JSON that ends with the CRC-32 of all before it. */
export function lineOf(event: JournalEvent): string {
  const text = JSON.stringify(event)
  return `${text.slice(0, -1)},"sum":"${sumOf(text)}"}\n`
}

function eventIn(line: string): JournalEvent | undefined {
  const sum = /^(?<body>.*),"sum":"(?<sum>[0-9a-f]{8})"\}$/s.exec(line)?.groups
  const text = `${sum?.['body'] ?? ''}}`
  if (sum === undefined || sumOf(text) !== sum['sum']) return undefined
  try {
    const event: unknown = JSON.parse(text)
    const known = typeof event === 'object' && event !== null && 'type' in event
    return known && typeof event.type === 'string' ? (event as JournalEvent) : undefined
  } catch {
    return undefined
  }
}

function sumOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > mostBytes)
      throw errors.SW_STORE_READ_FAILED({ path, reason: `it has over ${mostBytes} bytes` })
    return bytes.toString('utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw readError(path, error)
  }
}
