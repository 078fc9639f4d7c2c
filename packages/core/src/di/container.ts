// Evaluated before tsyringe, which refuses to load without it.
import 'reflect-metadata'
import {
  container as root,
  type DependencyContainer,
  inject as tsyringeInject,
  injectable as tsyringeInjectable,
} from 'tsyringe'

import { errors } from '../errors/catalogue.js'
import type { AnyToken, Provider, Token } from './token.js'

type Constructor = new (...args: never[]) => unknown

/** A container that nothing else holds. Nothing is ever registered on tsyringe's global one. */
export function newContainer(): DependencyContainer {
  return root.createChildContainer()
}

/** Marks a class whose constructor parameters each carry `@inject(Token)`. */
export function injectable(): ClassDecorator {
  return tsyringeInjectable() as ClassDecorator
}

/** Names the service that a constructor parameter takes. */
export function inject<V>(wanted: Token<V>): ParameterDecorator {
  return tsyringeInject(wanted.key) as ParameterDecorator
}

type Instance<C> = C extends abstract new (...args: never[]) => infer I ? I : never

/** A token for each constructor parameter, checked against the parameter's type. */
export type TokensFor<A extends readonly unknown[]> = { readonly [I in keyof A]: Token<A[I]> }

/** Provides a service as an instance of a class: with the tokens of its constructor, or, for a class with
 *  `@injectable()` and `@inject(Token)` on every parameter, without.
 *  @throws {PipelineError} SW_DI_MISSING_INJECT when a parameter has no token */
export function provideClass<V, C extends abstract new (...args: never[]) => V>(
  key: Token<V>,
  Class: C,
  tokens?: TokensFor<ConstructorParameters<C>>,
): Provider {
  const made = Class as unknown as Constructor
  const dispose = (value: Instance<C>): void | Promise<void> => disposeOf(value)
  const base = { token: key, dispose: dispose as Provider['dispose'] }
  if (tokens !== undefined) {
    const wanted = tokens as readonly AnyToken[]
    return Object.freeze({
      ...base,
      make: (get: <T>(one: Token<T>) => T) =>
        Reflect.construct(
          made,
          wanted.map((one) => get(one)),
        ) as unknown,
    })
  }
  checkDecorated(made)
  return Object.freeze({
    ...base,
    useClass: made,
    make: () => undefined,
  })
}

/** tsyringe hands `undefined` to a parameter without @inject, and says nothing. */
function checkDecorated(Class: Constructor): void {
  const described: unknown = Reflect.getOwnMetadata('injectionTokens', Class)
  const tokens = (described ?? {}) as Readonly<Record<number, unknown>>
  for (let position = 0; position < Class.length; position++)
    if (tokens[position] === undefined)
      throw errors.SW_DI_MISSING_INJECT({ class: Class.name, position })
}

function disposeOf(value: unknown): void | Promise<void> {
  if (typeof value !== 'object' || value === null) return undefined
  const disposable = value as Partial<AsyncDisposable & Disposable>
  if (Symbol.asyncDispose in value) return disposable[Symbol.asyncDispose]?.() as Promise<void>
  return disposable[Symbol.dispose]?.()
}
