/** What of a process its other parts can see: globals, environment, listeners. */
export function visible() {
  return {
    globals: Reflect.ownKeys(globalThis).map(String).toSorted(),
    environment: Object.keys(process.env).toSorted(),
    listeners: process
      .eventNames()
      .map((name) => `${String(name)}: ${process.listenerCount(name)}`)
      .toSorted(),
  }
}
