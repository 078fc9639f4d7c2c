import type { JsonMap } from '../block/json.js'

/** What became of one field of a run config. */
export interface RecoveredField {
  /** As in the config: `refiner.hr_scale`, `adetailer.units[0].ad_model`; what has no place there, as it stands in its
   *  source: `infotext["ENSD"]`. */
  readonly path: string
  readonly from: FieldSource
  /** `lost`: it is not in the config, or only as a default. */
  readonly status: 'recovered' | 'guessed' | 'lost'
  readonly value?: unknown
  readonly why?: string | undefined
}

export type FieldSource = 'block' | 'infotext' | 'comfy' | 'picture' | 'default'

export interface RecoveredRun {
  /** A run config with the sections txt2img or img2img (or both), refiner, upscale and adetailer, as far as they are
   *  told. It passes `pipeline.parse` with the five stages. */
  readonly config: JsonMap
  /** Every field that was told, was guessed or could not be had, in the order of its finding. */
  readonly fields: readonly RecoveredField[]
}

/** Whether a value may stand in a config. */
export type Check = (value: unknown) => boolean

/** Builds a config field by field, and notes what became of each. */
export class Recovery {
  readonly #config: Record<string, unknown> = {}
  readonly #fields: RecoveredField[] = []
  readonly source: FieldSource

  constructor(source: FieldSource) {
    this.source = source
  }

  keep(path: string, value: unknown, why?: string): void {
    put(this.#config, path, value)
    this.#note({ path, from: this.source, status: 'recovered', value, why })
  }

  guess(path: string, value: unknown, why: string, from = this.source): void {
    put(this.#config, path, value)
    this.#note({ path, from, status: 'guessed', value, why })
  }

  lose(path: string, why: string, from = this.source): void {
    this.#note({ path, from, status: 'lost', why })
  }

  /** Keeps a number that the check allows, else says that it is lost.
   *  @returns the number that was kept */
  number(path: string, text: string | undefined, check: Check): number | undefined {
    if (text === undefined) return undefined
    const value = /\d/.test(text) ? Number(text) : Number.NaN
    if (check(value)) {
      this.keep(path, value)
      return value
    }
    this.lose(path, `"${text}" is not what a run file allows there`)
    return undefined
  }

  /** Opens a section without fields. */
  section(name: string): void {
    put(this.#config, name, {})
  }

  result(): RecoveredRun {
    return { config: this.#config, fields: Object.freeze([...this.#fields]) }
  }

  #note(field: RecoveredField): void {
    const { value, why, ...rest } = field
    const told = {
      ...(value === undefined ? {} : { value }),
      ...(why === undefined ? {} : { why }),
    }
    this.#fields.push(Object.freeze({ ...rest, ...told }))
  }
}

/** An infotext's pairs, each read once; of several under one key the last, as the WebUI has it. */
export class Told {
  readonly #pairs: Map<string, string>
  readonly #used = new Set<string>()

  constructor(pairs: readonly (readonly [key: string, value: string])[]) {
    this.#pairs = new Map(pairs)
  }

  /** The value under the first of these keys that is there; all of them count as read. */
  take(...keys: readonly string[]): string | undefined {
    for (const key of keys) this.#used.add(key)
    return this.peek(...keys)
  }

  peek(...keys: readonly string[]): string | undefined {
    const key = keys.find((one) => this.#pairs.has(one))
    return key === undefined ? undefined : this.#pairs.get(key)
  }

  keys(): readonly string[] {
    return [...this.#pairs.keys()]
  }

  rest(): readonly (readonly [key: string, value: string])[] {
    return [...this.#pairs].filter(([key]) => !this.#used.has(key))
  }
}

export const whole =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max

export const between =
  (min: number, max: number): Check =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max

export const above =
  (min: number, max: number): Check =>
  (value) =>
    between(min, max)(value) && value !== min

/** A share of a picture, a pass or a blend. */
export const share = between(0, 1)

/** `832x1216` as two numbers. */
export function sizeOf(
  text: string | undefined,
): { readonly width: number; readonly height: number } | undefined {
  const match = /^(\d{1,6})\s*x\s*(\d{1,6})$/.exec(text ?? '')
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) }
}

/** Writes at a path such as `a.b[0].c`; what is missing on the way is made. */
function put(root: Record<string, unknown>, path: string, value: unknown): void {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '')
  let at: Record<string, unknown> = root
  for (const [i, step] of steps.slice(0, -1).entries()) {
    const next = at[step] ?? (/^\d+$/.test(steps[i + 1] ?? '') ? [] : {})
    at[step] = next
    at = next as Record<string, unknown>
  }
  at[steps.at(-1) ?? ''] = value
}
