/** A prompt of a run config, and where it stands. */
export interface PromptText {
  readonly path: string
  readonly text: string
}

/** Every prompt in a run config: shared, and in the sections, however deep. */
export function promptsIn(config: unknown, path = ''): PromptText[] {
  if (typeof config !== 'object' || config === null) return []
  return Object.entries(config).flatMap(([key, value]) => {
    if (path === '' && (key === 'metadata' || key === 'sweep')) return []
    const here = Array.isArray(config) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    if (typeof value !== 'string') return promptsIn(value, here)
    return /(^|_)prompt$/.test(key) ? [{ path: here, text: value }] : []
  })
}

/** Whether a text has a word where it is replaced. */
export function holdsWord(text: string, word: string): boolean {
  return replaceWords(text, new Map([[word, '']])) !== text
}

/** Words replaced in one pass, so that nothing that was put in is replaced again. A word of letters is replaced where it
 *  stands alone: CAT is not in CATEGORY. */
export function replaceWords(text: string, words: ReadonlyMap<string, string>): string {
  if (words.size === 0) return text
  const sorted = [...words.keys()].toSorted((a, b) => b.length - a.length)
  const letter = String.raw`[\p{L}\p{N}_]`
  const parts = sorted.map((word) => {
    const plain = word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
    const from = /^[\p{L}\p{N}_]/u.test(word) ? `(?<!${letter})` : ''
    const to = /[\p{L}\p{N}_]$/u.test(word) ? `(?!${letter})` : ''
    return `${from}${plain}${to}`
  })
  return text.replaceAll(new RegExp(parts.join('|'), 'gu'), (word) => words.get(word) ?? word)
}
