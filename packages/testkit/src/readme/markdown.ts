/** A Markdown table whose columns are padded to their widest cell, as formatters write it. What Markdown would read as
 *  a tag or as a cell's end is escaped. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [head, ...rows].map((row) => row.map(escaped))
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const [top = [], ...rest] = cells
  return [line(top), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n')
}

/** The text with what stands between `<!-- generated:name -->` and `<!-- /generated -->` replaced.
 *  @throws {Error} when the text has no such part */
export function replaceGenerated(text: string, name: string, body: string): string {
  const [start, end] = [`<!-- generated:${name} -->`, '<!-- /generated -->']
  const from = text.indexOf(start)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`no part ${start} … ${end}`)
  return `${text.slice(0, from + start.length)}\n\n${body}\n\n${text.slice(to)}`
}

export function code(text: string): string {
  return `\`${text}\``
}

/** A tag is one only outside of code; a line break would end the row. */
function escaped(cell: string): string {
  const safe = cell.startsWith('`') ? cell : cell.replaceAll('<', '\\<')
  return safe.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
