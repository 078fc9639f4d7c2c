/** An address of a server as it may be shown: without credentials, and without a slash at its end. */
export interface Address {
  readonly url: string
  /** Whether it was written with a user or a password in it. */
  readonly secret: boolean
}

/** Reads `http://…` and `https://…`; undefined for everything else. */
export function addressOf(text: string): Address | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { origin, pathname, username, password } = new URL(text)
  return {
    url: `${origin}${pathname.replace(/\/+$/, '')}`,
    secret: username !== '' || password !== '',
  }
}

/** `localhost:7860`, which lacks its protocol. */
export function isHostAndPort(text: string): boolean {
  return /^[\w.-]+:\d{1,5}\/?$/.test(text)
}
