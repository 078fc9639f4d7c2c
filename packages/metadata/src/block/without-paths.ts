import { isMap } from './json.js'

/** What `withoutPaths` must not touch. */
export interface WithoutPathsOptions {
  /** Whether the texts under a key are prompts; default: keys that end in `prompt`, and `styles`. */
  readonly isPrompt?: ((key: string) => boolean) | undefined
}

/** Plain data as it may leave the machine: absolute paths (posix, Windows, UNC, `file:`, `~`) become their last segment,
 *  also where they stand within a text; names and passwords go out of URLs; values under keys that name a secret
 *  (`auth`, `token`, `password`, `api_key` and the like) are left out. Prompts stay as they are. */
export function withoutPaths<T>(value: T, options: WithoutPathsOptions = {}): T {
  return cleaned(value, '', options.isPrompt ?? isPrompt) as T
}

/** A text that is no prompt, without absolute paths of a machine and without credentials in URLs. */
export function nameWithoutPath(text: string): string {
  const safe = text.includes('://') ? withoutCredentials(text) : text
  return absolute.test(safe.trim()) ? lastSegment(safe) : embedded(safe)
}

function cleaned(value: unknown, key: string, prompts: (key: string) => boolean): unknown {
  if (typeof value === 'string') return prompts(key) ? value : nameWithoutPath(value)
  if (Array.isArray(value)) return value.map((item) => cleaned(item, key, prompts))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([inner]) => !isSecret(inner))
      .map(([inner, item]) => [nameWithoutPath(inner), cleaned(item, inner, prompts)]),
  )
}

function isPrompt(key: string): boolean {
  return /(^|_)prompt$/.test(key) || key === 'styles'
}

function isSecret(key: string): boolean {
  const words = key
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()
  return /(^|_)(auth|authorization|token|password|passwd|secret|api_?key|credentials?|cookie)$/.test(
    words,
  )
}

/** Begins at the root of a disk, a share or a home. */
const absolute = /^(?:\/(?!\/)|~[\w.-]*[\\/]|[A-Za-z]:[\\/]|\\\\|\/\/[^/]|file:)/i

function lastSegment(path: string): string {
  const plain = /^\s*file:/i.test(path) ? decoded(path) : path
  const segments = plain.split(/[\\/]/).map((one) => one.trim())
  const last = segments.findLast((one) => one !== '') ?? ''
  // A drive alone, or "file:".
  return /^([A-Za-z]:|file:|~[\w.-]*)$/i.test(last) ? '' : last
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    return url
  }
}

const sign = String.raw`[^\s"'\x60,;|<>*?()\[\]{}]`

/** Absolute paths within a text, such as the arguments of a script. */
const inside = new RegExp(
  String.raw`(?<![\w.:/\\~])(?:file:\/+|~?[\\/]+|[A-Za-z]:[\\/]+)(?:${sign.replace('*', '*\\\\/')}+[\\/]+)+`,
  'gi',
)

function embedded(text: string): string {
  return /[\\/]/.test(text) ? text.replaceAll(inside, '') : text
}

/** Secrets of a URL: `user:password@`, and what its query names as one. */
function withoutCredentials(text: string): string {
  return text
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"']*@/gi, '$1')
    .replaceAll(/([?&])([\w-]+)=[^&#\s"']*/g, (whole, sep: string, key: string) =>
      isSecret(key) ? `${sep}${key}=` : whole,
    )
}
