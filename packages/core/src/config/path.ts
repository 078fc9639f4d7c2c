/** A path as users write it: `adetailer.units[0].ad_model`. */
export function pathInWords(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path)
    text += typeof step === 'number' ? `[${step}]` : text === '' ? String(step) : `.${String(step)}`
  return text
}
