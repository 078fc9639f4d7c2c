// Plain-text tables: the first column is text, the others stand right.

export function table(title, columns, rows) {
  const cells = [columns, ...rows.map((row) => row.map(String))]
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at].length)))
  const line = (row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[at])))
      .join('  ')
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [title, line(columns), rule, ...cells.slice(1).map(line)]
    .map((text) => `  ${text}`)
    .join('\n')
}

export function ms(value) {
  return value.toFixed(value < 10 ? 2 : 1)
}

/** A measured value beside its target: `{ name, value, most, met }`, for the table and for the exit code. */
export function target(name, value, most, unit) {
  return { name, value, most, unit, met: value <= most }
}

export function targetLines(targets) {
  return targets.map(({ name, value, most, unit: of, met }) => {
    const unit = of === '' ? '' : ` ${of}`
    const margin = `${((value / most) * 100).toFixed(0)} % of it`
    return `  ${met ? 'met   ' : 'MISSED'} ${name}: ${value.toFixed(2)}${unit}, target ${most}${unit} (${margin})`
  })
}
