/** Orders names as people do (`photo2` before `photo10`), the same on every machine: runs of digits by value, all
 *  else by code unit. */
export function naturally(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const one = left[i] as string
    const other = right[i] as string
    const numbers = isNumber(one) && isNumber(other)
    const order = numbers ? byValue(one, other) : byCodeUnit(one, other)
    if (order !== 0) return order
  }
  return left.length - right.length || byCodeUnit(a, b)
}

function parts(text: string): string[] {
  return text.match(/\d+|\D+/g) ?? []
}

function isNumber(text: string): boolean {
  return /^\d/.test(text)
}

function byValue(a: string, b: string): number {
  const [one, other] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  return one.length - other.length || byCodeUnit(one, other)
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
