/** Steps of a path as users write it: `adetailer.units[0].ad_model` → adetailer, units, 0, ad_model; undefined when it
 *  is not one. Keys that objects inherit are never one. */
export function readPath(text: string): readonly (string | number)[] | undefined {
  if (!/^[A-Za-z_$][\w$-]*(\.[A-Za-z_$][\w$-]*|\[\d{1,6}\])*$/.test(text)) return undefined
  const steps = text
    .split(/[.[\]]+/)
    .filter((step) => step !== '')
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step))
  return steps.some((step) => forbidden.has(String(step))) ? undefined : steps
}

const forbidden = new Set(['__proto__', 'prototype', 'constructor'])

/** A copy of `value` with what is at `steps` replaced; maps on the way are made, lists may grow by one.
 *  @returns what is wrong, as text, when the path does not fit what is there */
export function withValueAt(
  value: unknown,
  steps: readonly (string | number)[],
  next: unknown,
): { readonly value: unknown } | string {
  const [step, ...rest] = steps
  if (step === undefined) return { value: next }
  if (typeof step === 'number') {
    const list: readonly unknown[] = value === undefined || value === null ? [] : (value as [])
    if (!Array.isArray(list)) return `[${step}] stands where there is no list`
    if (step > list.length) return `[${step}] is beyond the list's ${list.length} entries`
    const inner = withValueAt(list[step], rest, next)
    return typeof inner === 'string' ? inner : { value: list.toSpliced(step, 1, inner.value) }
  }
  if (value !== undefined && value !== null && (typeof value !== 'object' || Array.isArray(value)))
    return `"${step}" stands in ${Array.isArray(value) ? 'a list' : 'a plain value'}`
  const map = (value ?? {}) as Readonly<Record<string, unknown>>
  const inner = withValueAt(Object.hasOwn(map, step) ? map[step] : undefined, rest, next)
  return typeof inner === 'string' ? inner : { value: { ...map, [step]: inner.value } }
}
