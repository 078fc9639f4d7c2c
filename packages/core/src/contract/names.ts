import type { Capabilities } from './backend.js'

type Aliases = Pick<Capabilities, 'aliases'>

/** The name that a backend lists a resource by; the name itself where it is no alias. */
export function canonicalName({ aliases }: Aliases, kind: string, name: string): string {
  return own(aliases?.[kind], name) ?? name
}

/** Why a name that a backend may know is refused by it. */
export function refusalOf(
  { refused }: Pick<Capabilities, 'refused'>,
  kind: string,
  name: string,
): string | undefined {
  return own(refused?.[kind], name)
}

/** Names come from run files: one may be called as what every object has. */
function own(record: Readonly<Record<string, string>> | undefined, name: string) {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
}
