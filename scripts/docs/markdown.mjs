/** A table as oxfmt writes it: columns padded to their widest cell.
 *  @param {readonly string[]} head
 *  @param {readonly (readonly string[])[]} rows
 *  @returns {string} */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(escaped))
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => widthOf(row[at] ?? ''))))
  const line = (/** @type {readonly string[]} */ row) =>
    `| ${row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))).join(' | ')} |`
  const rule = widths.map((width) => '-'.repeat(width))
  return [line(cells[0] ?? []), line(rule), ...cells.slice(1).map(line)].join('\n')
}

/** The text with what stands between `<!-- generated:name -->` and `<!-- /generated -->` replaced.
 *  @param {string} text
 *  @param {string} name
 *  @param {string} body
 *  @returns {string}
 *  @throws {Error} when the text has no such part */
export function replaceGenerated(text, name, body) {
  const [start, end] = [`<!-- generated:${name} -->`, '<!-- /generated -->']
  const from = text.indexOf(start)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`no part ${start} … ${end}`)
  return `${text.slice(0, from + start.length)}\n\n${body}\n\n${text.slice(to)}`
}

/** @param {string} text */
export function code(text) {
  return `\`${text}\``
}

/** What markdown would read as a tag or a cell's end, outside of code; a line break ends a row.
 *  @param {string} cell */
function escaped(cell) {
  const safe = cell.startsWith('`') ? cell : cell.replaceAll('<', '\\<')
  return safe.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** @param {string} text */
function widthOf(text) {
  return text.length
}
