export { inject, injectable, provideClass, type TokensFor } from './container.js'
export { createScope, type Registered, type Scope } from './scope.js'
export { type Get, provide, type Provider, type ServiceOf, token, type Token } from './token.js'
