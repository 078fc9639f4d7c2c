import { distance } from 'fastest-levenshtein'

/** The names nearest to `name`, best first; none when nothing is close enough to be a slip of the keyboard. */
export function nearest(name: string, candidates: Iterable<string>, most = 3): string[] {
  const wanted = fold(name)
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, score: score(wanted, fold(candidate)) }))
    .filter(({ score: s }) => s <= Math.max(2, wanted.length * 0.4))
    .toSorted((a, b) => a.score - b.score || compare(a.candidate, b.candidate))
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** ` Did you mean "a" or "b"?`, or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const names = nearest(name, candidates)
  return names.length === 0 ? '' : ` Did you mean ${quoteList(names, 'or')}?`
}

export function quoteList(names: readonly string[], word: 'or' | 'and' = 'and'): string {
  const quoted = names.map((name) => JSON.stringify(name))
  return quoted.length < 2
    ? quoted.join('')
    : `${quoted.slice(0, -1).join(', ')} ${word} ${quoted.at(-1)}`
}

/** Code-unit order: the same on every machine, whatever its locale. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function score(wanted: string, candidate: string): number {
  const edits = distance(wanted, candidate)
  const holds =
    Math.min(wanted.length, candidate.length) >= 3 &&
    (candidate.includes(wanted) || wanted.includes(candidate))
  return holds ? Math.min(edits, 1) : edits
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_.+-]+/g, '_')
}
