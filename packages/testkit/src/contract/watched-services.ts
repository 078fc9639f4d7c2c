import { type Provider, token } from '@stagewright/core'

const closers = [Symbol.dispose, Symbol.asyncDispose, 'close', 'destroy', 'terminate'] as const

/** The providers, with `open` holding the name of each service that can be closed and is not: a service that has one of
 *  these methods is closed by calling it. A `dispose` alone is no proof: that of a class calls `Symbol.dispose` and
 *  `Symbol.asyncDispose`, and no other. */
export function watched(providers: readonly Provider[], open: Set<string>): Provider[] {
  return providers.flatMap((provider) => {
    const { token: own, make, useClass, dispose } = provider
    if (useClass === undefined)
      return [
        {
          ...provider,
          make: (get) => watch(make(get), own.name, open),
          dispose: async (value: never) => {
            await dispose?.(value)
            // Where the service could not be watched, its provider is trusted.
            if (dispose !== undefined && !Object.isExtensible(value)) open.delete(own.name)
          },
        },
      ]
    // The container makes the instance under a token of nobody else's; the service's own token leads to it.
    const inner = token<unknown>(own.name)
    return [
      { ...provider, token: inner },
      { token: own, make: (get) => watch(get(inner), own.name, open) },
    ]
  })
}

function watch(made: unknown, name: string, open: Set<string>): unknown {
  if (typeof made !== 'object' || made === null) return made
  const service = made as Partial<Record<(typeof closers)[number], (...args: unknown[]) => unknown>>
  for (const key of closers) {
    const close = service[key]
    if (close === undefined) continue
    open.add(name)
    const value = (...args: unknown[]): unknown => (open.delete(name), close.apply(made, args))
    Reflect.defineProperty(service, key, { configurable: true, value })
  }
  return made
}
