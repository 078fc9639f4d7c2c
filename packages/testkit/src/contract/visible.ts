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

/** Takes all that is printed until `stop()`. A test runner may have put a console of its own in place, which does not
 *  reach the process's streams. */
export function listen(hear: (text: string) => void): { stop(): void } {
  const restore = [
    ...[process.stdout, process.stderr].map((stream) =>
      replaced(stream, 'write', (text: unknown) => (hear(String(text)), true)),
    ),
    ...(['log', 'info', 'warn', 'error', 'debug', 'trace'] as const).map((method) =>
      replaced(console, method, (...values: unknown[]) => hear(values.map(String).join(' '))),
    ),
  ]
  return { stop: () => restore.forEach((undo) => undo()) }
}

function replaced(target: object, key: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, key)
  Object.defineProperty(target, key, { configurable: true, writable: true, value })
  return () => {
    if (own === undefined) Reflect.deleteProperty(target, key)
    else Object.defineProperty(target, key, own)
  }
}
