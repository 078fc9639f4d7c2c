import type { Capabilities } from '@stagewright/core'

import type { CliHost } from '../host.js'
import type { ChosenBackend } from './choose-backend.js'

/** What a server says of itself beyond what every backend tells. */
export interface ServerFacts {
  readonly dialect: string
  /** The server's name in words. */
  readonly server: string
  readonly version?: string | undefined
  /** What to do about an operation or a slot that is missing, by its name. */
  readonly remedies: Readonly<Record<string, string>>
  /** Settings of the server that change what comes back. */
  readonly notices: readonly string[]
}

/** The facts of a server, as far as its backend told them. */
export function serverFacts({
  backend,
}: {
  readonly backend: { readonly capabilities: Capabilities | undefined }
}): ServerFacts | undefined {
  const facts: object | undefined = backend.capabilities
  return facts !== undefined && 'dialect' in facts && 'notices' in facts
    ? (facts as ServerFacts)
    : undefined
}

/** "Forge f2.0.1 at 127.0.0.1:7860"; undefined for a backend that is no server. */
export function serverLabel(chosen: Pick<ChosenBackend, 'backend' | 'url'>): string | undefined {
  if (chosen.url === undefined) return undefined
  const facts = serverFacts(chosen)
  const name = versioned(facts?.server ?? chosen.backend.kind, facts?.version)
  return `${name} at ${new URL(chosen.url).host}`
}

/** Servers of a pool that can make none of the calls that were planned, each with its reason. */
export function unfitServers({ pool }: Pick<ChosenBackend, 'pool'>): string[] {
  const { servers = [] } = pool?.pool.status() ?? {}
  return servers.flatMap(({ name, unfit }) =>
    unfit === undefined ? [] : [`${name} can make none of these calls: ${unfit}`],
  )
}

/** What is worth telling of a plan before it is run: what is let pass, and who can do nothing. */
export function tellRemarks(chosen: ChosenBackend, host: CliHost): void {
  for (const remark of [...chosen.backend.mismatches, ...unfitServers(chosen)])
    host.stderr.write(`! ${remark}\n`)
}

/** "Forge f2.0.1"; a server that has its name in place of a version is told by its name. */
export function versioned(name: string, version: string | undefined): string {
  return version === undefined || name.includes(version) ? name : `${name} ${version}`
}
