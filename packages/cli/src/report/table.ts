/** Rows in columns: each as wide as its widest cell, the last one cut to what is left of the line.
 *  @param shrinking columns that become narrower before that, the widest first */
export function columnsText(
  rows: readonly (readonly string[])[],
  columns: number | undefined,
  shrinking: readonly number[] = [],
): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => lengthOf(row[at]))))
  const width = columns === undefined || columns === 0 ? Infinity : columns
  const over = (): boolean =>
    widths.reduce((sum, one) => sum + one + gap.length, -gap.length) > width
  while (over()) {
    const [widest] = shrinking.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))
    if (widest === undefined || (widths[widest] ?? 0) <= leastWidth) break
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return rows
    .map((row) =>
      cut(
        row
          .map((cell, at) =>
            pad(shrinking.includes(at) ? cut(cell, widths[at] ?? 0) : cell, widths[at] ?? 0),
          )
          .join(gap)
          .trimEnd(),
        width,
      ),
    )
    .join('\n')
}

const gap = '  '
const leastWidth = 8

/** `1.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function timeText(ms: number): string {
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `1.5 GB`, by thousands. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  // 999,960 bytes are 1.0 MB: a unit begins where the one before would show 1000.0.
  const place = Math.floor(Math.log10(bytes / 0.99995) / 3)
  const at = bytes < 1000 ? 0 : Math.min(units.length - 1, place)
  return `${at === 0 ? bytes : (bytes / 1000 ** at).toFixed(1)} ${units[at]}`
}

function lengthOf(text: string | undefined): number {
  return Array.from(text ?? '').length
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)))
}

function cut(line: string, width: number): string {
  const letters = Array.from(line)
  return letters.length <= width ? line : `${letters.slice(0, width - 1).join('')}…`
}

/** `1 cell`, `2 cells`. */
export function counted(count: number, what: string): string {
  return `${count} ${count === 1 ? what : `${what}s`}`
}
