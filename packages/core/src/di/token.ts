declare const valueType: unique symbol

/** A name for a service of type `V`. Two tokens are the same only when they are the same object. */
export interface Token<V> {
  readonly name: string
  readonly key: symbol
  readonly [valueType]?: (value: V) => V
}

// oxlint-disable-next-line typescript/no-explicit-any -- variance: a token of any service
export type AnyToken = Token<any>

export function token<V>(name: string): Token<V> {
  return Object.freeze({ name, key: Symbol(name) })
}

/** The type of the service behind a token. */
export type ServiceOf<T> = T extends Token<infer V> ? V : never

export type Get = <V>(token: Token<V>) => V

/** How a service is made, once per scope that provides it, and undone. */
export interface Provider {
  readonly token: AnyToken
  readonly make: (get: Get) => unknown
  readonly dispose?: ((value: never) => void | Promise<void>) | undefined
  /** A decorated class: the container reads its `@inject` tokens. */
  readonly useClass?: (new (...args: never[]) => unknown) | undefined
}

/** Provides a service by a factory, called once, when the service is first needed.
 *  `dispose` is called when the scope that holds the provider ends. */
export function provide<V>(
  key: Token<V>,
  make: (get: Get) => V,
  dispose?: (value: V) => void | Promise<void>,
): Provider {
  return Object.freeze({
    token: key,
    make,
    dispose: dispose,
  })
}
