import type { DependencyContainer } from 'tsyringe'

import { errors } from '../errors/catalogue.js'
import { newContainer } from './container.js'
import type { AnyToken, Provider, Token } from './token.js'

interface Registration {
  readonly provider: Provider
  readonly origin: string
  /** The key it has in the container; the token's own key leads to the last registration. */
  readonly key: symbol
  instance?: { readonly value: unknown }
}

/** A service in `all()`, with where it was registered. */
export interface Registered<V> {
  readonly value: V
  readonly origin: string
}

/** Services by token. A child sees its parent's services, never a sibling's; a service is made once, by the scope that
 *  provides it and from what that scope sees; children are disposed before their parents, services in reverse order of
 *  their making. */
export interface Scope extends AsyncDisposable {
  /** @throws {PipelineError} SW_DI_NOT_PROVIDED, SW_DI_CYCLE, SW_DI_DISPOSED, or what a factory throws, as it is */
  get<V>(token: Token<V>): V
  has(token: AnyToken): boolean
  /** Every service under the token, the parents' first. */
  all<V>(token: Token<V>): readonly Registered<V>[]
  child(providers: readonly Provider[], origin?: string): Scope
}

/** Makes a scope of its own: the app's, shared between pipelines. */
export function createScope(providers: readonly Provider[] = [], origin = 'app scope'): Scope {
  return new ContainerScope(undefined, providers, origin)
}

class ContainerScope implements Scope {
  readonly #parent: ContainerScope | undefined
  readonly #container: DependencyContainer
  readonly #registered = new Map<symbol, Registration[]>()
  readonly #made: { readonly provider: Provider; readonly value: unknown }[] = []
  readonly #children = new Set<ContainerScope>()
  readonly #resolving: AnyToken[] = []
  #disposed = false
  /** What a factory threw: tsyringe replaces errors from constructor parameters by one without class and code. */
  #thrown: { readonly error: unknown } | undefined

  constructor(parent: ContainerScope | undefined, providers: readonly Provider[], origin: string) {
    this.#parent = parent
    this.#container =
      parent === undefined ? newContainer() : parent.#container.createChildContainer()
    for (const [at, provider] of providers.entries()) this.#register(provider, `${origin}[${at}]`)
  }

  get<V>(token: Token<V>): V {
    if (this.#disposed) throw errors.SW_DI_DISPOSED({ token: token.name })
    const owner = this.#ownerOf(token)
    const registration = owner === undefined ? undefined : owner.#lastOf(token)
    if (owner === undefined || registration === undefined) {
      const wantedBy = this.#resolving.at(-1)?.name ?? 'the pipeline'
      throw errors.SW_DI_NOT_PROVIDED({ token: token.name, wantedBy, known: this.#names() })
    }
    return owner.#make(registration) as V
  }

  has(token: AnyToken): boolean {
    return this.#ownerOf(token) !== undefined
  }

  all<V>(token: Token<V>): readonly Registered<V>[] {
    const own = (this.#registered.get(token.key) ?? []).map((one) => ({
      value: this.#make(one) as V,
      origin: one.origin,
    }))
    return [...(this.#parent?.all(token) ?? []), ...own]
  }

  child(providers: readonly Provider[], origin = 'services'): Scope {
    if (this.#disposed) throw errors.SW_DI_DISPOSED({ token: 'child scope' })
    const child = new ContainerScope(this, providers, origin)
    this.#children.add(child)
    return child
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#parent !== undefined) this.#parent.#children.delete(this)
    const failed: unknown[] = []
    const attempt = async (work: () => unknown): Promise<void> => {
      try {
        await work()
      } catch (error) {
        failed.push(error)
      }
    }
    for (const child of [...this.#children].toReversed())
      await attempt(() => child[Symbol.asyncDispose]())
    for (const { provider, value } of this.#made.toReversed())
      await attempt(() => provider.dispose?.(value as never))
    if (failed.length === 1) throw failed[0]
    if (failed.length > 1) throw new AggregateError(failed, 'several services failed to dispose')
  }

  #lastOf(token: AnyToken): Registration | undefined {
    return this.#registered.get(token.key)?.at(-1)
  }

  #register(provider: Provider, origin: string): void {
    const key = Symbol(provider.token.name)
    const registration: Registration = { provider, origin, key }
    const { key: tokenKey } = provider.token
    this.#registered.set(tokenKey, [...(this.#registered.get(tokenKey) ?? []), registration])
    // Both keys lead back to this scope, so that a child's container cannot build a parent's service from its own.
    const useFactory = (): unknown => this.#caught(() => this.#make(registration))
    this.#container.register(key, { useFactory })
    this.#container.register(tokenKey, {
      useFactory: () => this.#caught(() => this.get(provider.token)),
    })
  }

  #make(registration: Registration): unknown {
    if (registration.instance !== undefined) return registration.instance.value
    const { provider } = registration
    const known = this.#resolving.indexOf(provider.token)
    if (known >= 0) {
      const cycle = [...this.#resolving.slice(known), provider.token].map(({ name }) => name)
      throw errors.SW_DI_CYCLE({ cycle })
    }
    this.#resolving.push(provider.token)
    try {
      const value =
        provider.useClass === undefined
          ? provider.make(this.get.bind(this))
          : this.#construct(provider.useClass)
      registration.instance = { value }
      this.#made.push({ provider, value })
      return value
    } finally {
      this.#resolving.pop()
    }
  }

  #construct(Class: NonNullable<Provider['useClass']>): unknown {
    this.#thrown = undefined
    try {
      return this.#container.resolve(Class)
    } catch (error) {
      const own = this.#takeThrown()
      throw own === undefined ? error : own.error
    }
  }

  #caught<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.#thrown ??= { error }
      throw error
    }
  }

  /** The first error thrown by a factory here or above. */
  #takeThrown(): { readonly error: unknown } | undefined {
    const own = this.#thrown
    this.#thrown = undefined
    if (own !== undefined || this.#parent === undefined) return own
    return this.#parent.#takeThrown()
  }

  #ownerOf(token: AnyToken): ContainerScope | undefined {
    if (this.#registered.has(token.key) || this.#parent === undefined)
      return this.#registered.has(token.key) ? this : undefined
    return this.#parent.#ownerOf(token)
  }

  #names(): string[] {
    const own = [...this.#registered.values()].flatMap((all) =>
      all.map((one) => one.provider.token.name),
    )
    return this.#parent === undefined ? own : [...own, ...this.#parent.#names()]
  }
}
