/** What is to be done when a signal is aborted, by signal. */
const followed = new WeakMap<AbortSignal, { readonly acts: Set<() => void>; end: () => void }>()

/** Acts once when the signal is aborted, with one listener however many follow it at once: thousands of calls may have
 *  one signal. Call the result to end that. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const { acts } = followed.get(signal) ?? follow(signal)
  acts.add(act)
  return () => {
    if (acts.delete(act) && acts.size === 0 && followed.get(signal)?.acts === acts) letGo(signal)
  }
}

function follow(signal: AbortSignal) {
  const acts = new Set<() => void>()
  const listen = (): void => {
    letGo(signal)
    for (const act of acts) act()
  }
  signal.addEventListener('abort', listen, { once: true })
  const held = { acts, end: () => signal.removeEventListener('abort', listen) }
  followed.set(signal, held)
  return held
}

function letGo(signal: AbortSignal): void {
  followed.get(signal)?.end()
  followed.delete(signal)
}
