import { inspect } from 'node:util'

import { errors } from './errors.js'

/** What is sent as `Authorization`. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string }

const hidden = '[redacted]'

/** Credentials that show themselves to nobody: the header is read with `header()`, and every text that leaves the
 *  client goes through `redact`. */
export class Auth {
  readonly kind: 'none' | 'basic' | 'bearer'
  readonly #header: string | undefined
  readonly #secrets: readonly string[]

  /** @throws {PipelineError} SW_WEBUI_CREDENTIALS */
  constructor(credentials?: Credentials) {
    if (credentials === undefined) {
      this.kind = 'none'
      this.#secrets = []
      return
    }
    const { kind, header, secrets } =
      'bearer' in credentials ? fromBearer(credentials.bearer) : fromPassword(credentials)
    this.kind = kind
    this.#header = header
    this.#secrets = secrets
      .filter((secret) => secret.length > 2)
      .toSorted((a, b) => b.length - a.length)
  }

  header(): string | undefined {
    return this.#header
  }

  /** The text without any form of a secret. */
  redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, hidden), text)
  }

  toString(): string {
    return `Auth(${this.kind})`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}

/** The address of a server, checked: no credentials, query or trailing slash; its path stays as a prefix.
 *  @throws {PipelineError} SW_WEBUI_BASE_URL */
export function parseBaseUrl(text: string): {
  readonly baseUrl: string
  readonly origin: string
  readonly prefix: string
  readonly credentials: Credentials | undefined
} {
  const problem = (what: string) =>
    errors.SW_WEBUI_BASE_URL({ url: withoutUserInfo(text), problem: what })
  if (!URL.canParse(text)) throw problem('it cannot be read')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw problem('only http:// and https:// are served')
  if (url.search !== '' || url.hash !== '') throw problem('it has a query or a fragment')
  const prefix = url.pathname.replace(/\/+$/, '')
  const credentials =
    url.username === '' && url.password === ''
      ? undefined
      : { username: decoded(url.username), password: decoded(url.password) }
  return { baseUrl: `${url.origin}${prefix}`, origin: url.origin, prefix, credentials }
}

function fromBearer(bearer: string) {
  if (!/^[\w.~+/=:-]+$/.test(bearer))
    throw errors.SW_WEBUI_CREDENTIALS({ problem: 'the bearer token is empty or has other signs' })
  return { kind: 'bearer' as const, header: `Bearer ${bearer}`, secrets: [bearer] }
}

function fromPassword({ username, password }: { username: string; password: string }) {
  if (username.includes(':'))
    throw errors.SW_WEBUI_CREDENTIALS({ problem: 'the user name has a colon' })
  if (hasControlSign(username + password))
    throw errors.SW_WEBUI_CREDENTIALS({ problem: 'they hold a control sign' })
  const token = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  const secrets = [
    `${username}:${password}`,
    token,
    token.replace(/=+$/, ''),
    password,
    encodeURIComponent(password),
    JSON.stringify(password).slice(1, -1),
  ]
  return { kind: 'basic' as const, header: `Basic ${token}`, secrets }
}

function hasControlSign(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function withoutUserInfo(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:)?(\/*)[^/?#]*@/i, '$1$2')
}
