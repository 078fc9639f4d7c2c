import type { Output } from '../host.js'

/** An output on a terminal with lines that stay at its end while others are written above: a table that changes, under
 *  a bar. Without such lines it hands everything on as it is. */
export class LiveBlock implements Output {
  readonly #output: Output
  #lines: readonly string[] = []
  /** What was written without an end of line: a bar. */
  #bar = ''
  /** Lines of it that are on the screen. */
  #drawn = 0

  constructor(output: Output) {
    this.#output = output
  }

  get isTTY(): boolean | undefined {
    return this.#output.isTTY
  }

  get columns(): number | undefined {
    return this.#output.columns
  }

  /** How many lines can be shown: below a bar, above the line of the cursor. What has left the screen cannot be drawn
   *  over. Undefined where the height of the terminal is not known. */
  get room(): number | undefined {
    const { rows = 0 } = this.#output
    return rows === 0 ? undefined : Math.max(1, rows - 2)
  }

  write(text: string): unknown {
    if (this.#lines.length === 0) return this.#output.write(text)
    const plain = text.startsWith(clearLine) ? text.slice(clearLine.length) : text
    if (!plain.endsWith('\n')) {
      this.#bar = plain
      return this.#draw('')
    }
    this.#bar = ''
    return this.#draw(plain)
  }

  /** Shows these lines from now on; none ends it, and leaves what is on the screen. */
  show(lines: readonly string[]): void {
    if (this.#output.isTTY !== true) return
    // A bar may stand on the line already.
    if (this.#lines.length === 0 && lines.length > 0) this.#output.write(clearLine)
    this.#lines = lines
    if (lines.length > 0) this.#draw('')
    else this.#drawn = 0
    onScreen = lines.length > 0 ? this : undefined
  }

  #draw(above: string): unknown {
    const erase = this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A\u001B[0J`
    const block = [...(this.#bar === '' ? [] : [this.#bar]), ...this.#lines]
    this.#drawn = block.length
    const before = onScreen
    // What it draws itself is not written above it.
    onScreen = undefined
    const done = this.#output.write(`${erase}${above}${block.map((line) => `${line}\n`).join('')}`)
    onScreen = before
    return done
  }
}

/** The block that is on the terminal: a process has one. */
let onScreen: LiveBlock | undefined

/** The other output of the same terminal: whole lines stand above a block that is on the screen, which would be drawn
 *  over them. */
export function besideBlocks(output: Output): Output {
  return {
    write: (text) =>
      output.isTTY === true && text.endsWith('\n') && onScreen !== undefined
        ? onScreen.write(text)
        : output.write(text),
    get isTTY() {
      return output.isTTY
    },
    get columns() {
      return output.columns
    },
    get rows() {
      return output.rows
    },
  }
}

const clearLine = '\r\u001B[2K'
