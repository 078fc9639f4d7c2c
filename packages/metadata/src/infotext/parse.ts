import { guessDialect, type InfotextDialect } from './dialect.js'
import { isPairsLine, readPairs } from './pairs.js'

/** An infotext in its parts, each exactly as it stands. */
export interface ParsedInfotext {
  readonly prompt: string
  readonly negative_prompt: string
  /** Settings in order, values as texts; JSON strings are read. */
  readonly pairs: readonly (readonly [key: string, value: string])[]
  /** What it looks like it was written by. */
  readonly dialect?: InfotextDialect | undefined
}

/** How many lines are the prompt's, where the grammar alone would split it elsewhere. Other tools pass it over. */
export const promptLinesKey = 'Prompt lines'

/** Reads an infotext of any WebUI: AUTOMATIC1111, Forge, reForge, SD.Next, sd-server, ADetailer's keys among them, and
 *  texts of ours. The last line is pairs when it looks like them (three at least); lines that follow such a line, as some
 *  extensions write them, are pairs too. The negative prompt begins at the first line that says so. Never throws, and
 *  takes time in proportion to the text. */
export function parseInfotext(text: string): ParsedInfotext {
  const { head, pairs } = splitInfotext(text)
  const count = pairs.find(([key]) => key === promptLinesKey)?.[1]
  const told = count !== undefined && /^\d{1,9}$/.test(count) ? Number(count) : undefined
  const lines = told === undefined ? withoutReturns(head) : head
  const negative = told !== undefined && told <= lines.length ? told : lines.findIndex(isNegative)
  const end = negative < 0 ? lines.length : negative
  const settings = pairs.filter(([key]) => key !== promptLinesKey)
  return {
    prompt: lines.slice(0, end).join('\n'),
    negative_prompt: lines
      .slice(end)
      .join('\n')
      .replace(/^\s*Negative prompt: ?/, ''),
    pairs: settings,
    dialect: guessDialect(settings),
  }
}

/** Whether a line begins the negative prompt. */
export function isNegative(line: string): boolean {
  return line.trimStart().startsWith('Negative prompt:')
}

/** The lines of the prompts, and the pairs that follow. */
export function splitInfotext(text: string): {
  readonly head: readonly string[]
  readonly pairs: readonly [key: string, value: string][]
} {
  const lines = text.split('\n')
  let last = lines.length - 1
  while (last >= 0 && lines[last]?.trim() === '') last--
  for (let at = last; at >= 0 && last - at <= mostTrailing; at--) {
    const line = lines[at] ?? ''
    if (at < last && !line.startsWith('Steps: ')) continue
    if (!isPairsLine(line)) continue
    const more = lines.slice(at + 1, last + 1).flatMap(trailing)
    return { head: lines.slice(0, at), pairs: [...readPairs(line), ...more] }
  }
  return { head: lines.slice(0, last + 1), pairs: [] }
}

/** Lines behind the pairs that some extensions write. */
const mostTrailing = 8

/** A line such as "Template: a cat, {red|blue}", whose value is the rest of it. */
function trailing(line: string): [string, string][] {
  const at = line.indexOf(':')
  return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
}

/** Texts that went through a program that ends lines as Windows does. */
function withoutReturns(lines: readonly string[]): readonly string[] {
  const all = lines.length > 0 && lines.every((line) => line.endsWith('\r'))
  return all ? lines.map((line) => line.slice(0, -1)) : lines
}
