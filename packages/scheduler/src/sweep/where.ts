/** A condition on a cell, read from text. */
export interface Condition {
  readonly text: string
  /** The fields that it names. */
  readonly fields: readonly string[]
  holds(valueOf: (field: string) => unknown): boolean
}

type Test = (valueOf: (field: string) => unknown) => unknown

/** Reads `refiner.hr_scale < 2 and (seed in [1, 2] or not model == "sdxl")`.
 *  Fields are compared with numbers, texts in quotes, true, false, null and lists; `+ - * /` calculate.
 *  @returns what is wrong, as text */
export function readCondition(text: string): Condition | string {
  if (text.length > 2000) return 'it is longer than 2000 letters'
  const tokens = tokensOf(text)
  if (typeof tokens === 'string') return tokens
  const reader = new Reader(tokens)
  try {
    const test = reader.whole()
    return { text, fields: [...reader.fields], holds: (valueOf) => test(valueOf) === true }
  } catch (error) {
    if (error instanceof Misread) return error.message
    throw error
  }
}

class Misread extends Error {}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign'
  readonly text: string
}

const pattern =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<sign>==|!=|<=|>=|[<>()[\],+*/-])|(?<name>[A-Za-z_$][\w$]*(?::[^\s<>=!()[\],]+)?(?:\.[A-Za-z_$][\w$]*|\[\d+\])*))/uy

/** Signs of other languages. */
const meant = [
  ['=', '=='],
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
] as const

function tokensOf(text: string): readonly Token[] | string {
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < text.trimEnd().length) {
    const at = pattern.lastIndex
    const found = pattern.exec(text)?.groups
    if (found === undefined) {
      const left = text.slice(at).trimStart()
      const [sign, word] = meant.find(([one]) => left.startsWith(one)) ?? []
      const remedy = sign === undefined ? '' : `: write ${word} in place of ${sign}`
      return `it cannot be read from ${JSON.stringify(left.slice(0, 20))} on${remedy}`
    }
    const { number, double, single, sign, name } = found
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
    else if (name !== undefined) tokens.push({ kind: 'name', text: name })
    else tokens.push({ kind: 'text', text: double ?? single ?? '' })
  }
  return tokens
}

const words = new Set(['and', 'or', 'not', 'in', 'true', 'false', 'null'])
const mostDepth = 50

class Reader {
  readonly fields = new Set<string>()
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  whole(): Test {
    const test = this.#any()
    const left = this.#tokens[this.#at]
    if (left !== undefined) throw new Misread(`${JSON.stringify(left.text)} is one too many`)
    return test
  }

  #any(): Test {
    let test = this.#all()
    while (this.#takes('or')) {
      const [one, other] = [test, this.#all()]
      test = (of) => one(of) === true || other(of) === true
    }
    return test
  }

  #all(): Test {
    let test = this.#not()
    while (this.#takes('and')) {
      const [one, other] = [test, this.#not()]
      test = (of) => one(of) === true && other(of) === true
    }
    return test
  }

  #not(): Test {
    if (!this.#takes('not')) return this.#comparison()
    const test = this.#deeper(() => this.#not())
    return (of) => test(of) !== true
  }

  #comparison(): Test {
    const left = this.#sum()
    for (const [sign, compare] of comparisons)
      if (this.#takes(sign)) {
        const right = this.#sum()
        return (of) => compare(left(of), right(of))
      }
    return left
  }

  #sum(): Test {
    let value = this.#product()
    for (;;) {
      const plus = this.#takes('+')
      if (!plus && !this.#takes('-')) return value
      const [one, other] = [value, this.#product()]
      value = (of) => Number(one(of)) + (plus ? 1 : -1) * Number(other(of))
    }
  }

  #product(): Test {
    let value = this.#one()
    for (;;) {
      const multiplies = this.#takes('*')
      if (!multiplies && !this.#takes('/')) return value
      const [one, other] = [value, this.#one()]
      value = (of) =>
        multiplies ? Number(one(of)) * Number(other(of)) : Number(one(of)) / Number(other(of))
    }
  }

  #one(): Test {
    if (this.#takes('(')) {
      const test = this.#deeper(() => this.#any())
      this.#must(')')
      return test
    }
    if (this.#takes('[')) return this.#list()
    if (this.#takes('-')) {
      const value = this.#deeper(() => this.#one())
      return (of) => -Number(value(of))
    }
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Misread('it ends too early')
    const { kind, text } = token
    if (kind === 'number') return () => Number(text)
    if (kind === 'text') return () => text
    if (text === 'true' || text === 'false') return () => text === 'true'
    if (text === 'null') return () => undefined
    if (kind === 'sign' || words.has(text))
      throw new Misread(`a field or a value must stand in place of ${JSON.stringify(text)}`)
    this.fields.add(text)
    return (of) => of(text)
  }

  #list(): Test {
    const values: Test[] = []
    while (!this.#takes(']')) {
      if (values.length > 0) this.#must(',')
      values.push(this.#deeper(() => this.#sum()))
    }
    return (of) => values.map((value) => value(of))
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > mostDepth) throw new Misread('it is nested too deep')
    const value = read()
    this.#depth -= 1
    return value
  }

  #takes(text: string): boolean {
    const token = this.#tokens[this.#at]
    const is = token?.text === text && token.kind !== 'text'
    if (is) this.#at += 1
    return is
  }

  #must(text: string): void {
    if (!this.#takes(text)) throw new Misread(`there is no ${text}`)
  }
}

type Compare = (one: unknown, other: unknown) => boolean

const comparisons: readonly (readonly [string, Compare])[] = [
  ['==', same],
  ['!=', (one, other) => !same(one, other)],
  ['<=', (one, other) => ordered(one, other, (a, b) => a <= b)],
  ['>=', (one, other) => ordered(one, other, (a, b) => a >= b)],
  ['<', (one, other) => ordered(one, other, (a, b) => a < b)],
  ['>', (one, other) => ordered(one, other, (a, b) => a > b)],
  ['in', (one, list) => Array.isArray(list) && list.some((other) => same(one, other))],
]

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
}

/** Only numbers with numbers and texts with texts: what else is neither less nor more. */
function ordered(
  one: unknown,
  other: unknown,
  compare: (a: number | string, b: number | string) => boolean,
): boolean {
  if (typeof one === 'number' && typeof other === 'number') return compare(one, other)
  return typeof one === 'string' && typeof other === 'string' && compare(one, other)
}
