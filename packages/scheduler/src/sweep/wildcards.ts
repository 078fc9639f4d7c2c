import { createHash } from 'node:crypto'

import type { PipelineError } from '@stagewright/core'

import { sweepErrors } from './errors.js'

/** Gives the lines of a wildcard file by its name, or why there is none. */
export type WildcardReader = (name: string) => Promise<readonly string[] | { reason: string }>

/** What draws need: the lines of every file that a prompt can come to, and where they are. */
export interface Wildcards {
  readonly from: string | undefined
  readonly lines: ReadonlyMap<string, readonly string[]>
}

const mostDepth = 20
const named = /__([A-Za-z0-9][\w/-]*?)__/g
const choice = /\{((?:[^{}\\]|\\.)*\|(?:[^{}\\]|\\.)*)\}/g

/** Whether a prompt draws anything. */
export function hasDraw(text: string): boolean {
  return text.search(named) >= 0 || text.search(choice) >= 0
}

/** Reads every file that the texts name, and those that these name.
 *  @returns the lines, and what is missing */
export async function readWildcards(
  texts: readonly { readonly path: string; readonly text: string }[],
  from: string | undefined,
  read: WildcardReader | undefined,
): Promise<{ readonly wildcards: Wildcards; readonly errors: readonly PipelineError[] }> {
  const lines = new Map<string, readonly string[]>()
  const errors = new Map<string, PipelineError>()
  const open = texts.map(({ path, text }) => ({ path, text }))
  for (let one = open.pop(); one !== undefined; one = open.pop())
    for (const [, name = ''] of one.text.matchAll(named)) {
      if (lines.has(name) || errors.has(name)) continue
      const { path } = one
      const found =
        from === undefined || read === undefined
          ? { reason: 'there is no folder' }
          : await read(name)
      if (!('reason' in found)) {
        lines.set(name, found)
        open.push(...found.map((text) => ({ path: `${from}/${name}.txt`, text })))
      } else {
        const { reason } = found
        errors.set(name, sweepErrors.SW_SWEEP_WILDCARD_UNKNOWN({ path, name, from, reason }))
      }
    }
  return { wildcards: { from, lines }, errors: [...errors.values()] }
}

/** The prompt with everything drawn. The same seed, path and place in the text give the same draw, whatever else the
 *  prompt says: cells that share a seed share their draws.
 *  @param seed with the names of given pictures that are only worked on
 *  @throws {PipelineError} SW_SWEEP_WILDCARD_DEPTH */
export function draw(text: string, path: string, seed: string, { lines }: Wildcards): string {
  const resolve = (part: string, place: string, trail: readonly string[]): string => {
    if (trail.length > mostDepth)
      throw sweepErrors.SW_SWEEP_WILDCARD_DEPTH({ path, most: mostDepth, trail })
    let count = 0
    const next = (): string => `${place}.${count++}`
    const files = part.replaceAll(named, (whole, name: string) => {
      const at = next()
      const some = lines.get(name)
      return some === undefined
        ? whole
        : resolve(pick(some, `${seed} ${path} ${at}`), at, [...trail, name])
    })
    // The innermost first, until none is left.
    let done = files
    for (let round = 0; done.search(choice) >= 0; round++) {
      if (round > mostDepth)
        throw sweepErrors.SW_SWEEP_WILDCARD_DEPTH({ path, most: mostDepth, trail })
      done = done.replaceAll(choice, (_, inner: string) =>
        pick(inner.split(/(?<!\\)\|/), `${seed} ${path} ${next()}`),
      )
    }
    return done
  }
  return resolve(text, '', []).replaceAll(/\\([{}|])/g, '$1')
}

/** The lines of a wildcard file: comments and empty ones are left out. */
export function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** One of the choices; `3::red` counts three times as much as `blue`. */
function pick(choices: readonly string[], key: string): string {
  const weighed = choices.map((one) => {
    const [, weight, rest] = /^\s*(\d+(?:\.\d+)?)::(.*)$/su.exec(one) ?? []
    return rest === undefined ? { text: one, weight: 1 } : { text: rest, weight: Number(weight) }
  })
  const total = weighed.reduce((sum, { weight }) => sum + weight, 0)
  let left = chance(key) * total
  for (const { text, weight } of weighed) {
    left -= weight
    if (left < 0) return text
  }
  return weighed.at(-1)?.text ?? ''
}

/** A number from 0 to 1, exclusive: always the same for the same key. */
function chance(key: string): number {
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) / 2 ** 48
}
