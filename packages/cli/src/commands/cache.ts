import { cacheList, cachePrune, cacheVerify } from '@stagewright/run-store'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { bytesText, columnsText, counted } from '../report/table.js'
import { openStore } from '../runs/open-store.js'

interface CacheOptions {
  readonly out: string
  readonly json?: true
}

/** `stagewright cache list`: what is kept of finished calls, and what of it no run needs. */
export async function cacheListCommand(options: CacheOptions, host: CliHost): Promise<void> {
  const { calls, pictures, bytes, prunable } = await cacheList(openStore(options.out, host))
  if (options.json === true) {
    printJson(
      {
        bytes,
        prunable,
        calls: calls.map(({ key, bytes: size, lastUsed, pictures: of }) => ({
          key,
          bytes: size,
          last_used: lastUsed.toISOString(),
          pictures: of ?? null,
        })),
        pictures: pictures.map(({ digest, bytes: size, lastUsed, calls: by, runs }) => ({
          sha256: digest,
          bytes: size,
          last_used: lastUsed.toISOString(),
          calls: by,
          runs,
        })),
      },
      host,
    )
    return
  }
  const newest = pictures.toSorted((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime())
  const rows = newest
    .slice(0, 20)
    .map(({ digest, bytes: size, lastUsed, runs }) => [
      digest.slice(0, 12),
      bytesText(size),
      lastUsed.toLocaleString('sv'),
      runs.length === 0 ? 'no run needs it' : runs.join(', '),
    ])
  const more = pictures.length - rows.length
  const sum = `${counted(calls.length, 'call')}, ${counted(pictures.length, 'picture')}, ${bytesText(bytes)}; ${bytesText(prunable)} that no run needs`
  const table = rows.length === 0 ? [] : [columnsText(rows, host.stdout.columns)]
  host.stdout.write(`${[...table, ...(more > 0 ? [`… and ${more} more`] : []), sum].join('\n')}\n`)
}

/** `stagewright cache verify`: whether everything that is kept is whole.
 *  @returns the exit code: 1 when something is damaged and stays */
export async function cacheVerifyCommand(
  options: CacheOptions & { readonly repair?: true },
  host: CliHost,
): Promise<number> {
  const repair = options.repair === true
  const check = await cacheVerify(openStore(options.out, host), { repair })
  const { pictures, calls, damagedPictures, damagedCalls } = check
  const damaged = damagedPictures.length + damagedCalls.length
  if (options.json === true)
    printJson(
      {
        pictures,
        calls,
        repaired: check.repaired,
        damaged_pictures: damagedPictures.map(({ digest, runs }) => ({
          sha256: digest,
          runs,
        })),
        damaged_calls: damagedCalls,
      },
      host,
    )
  else {
    const lines = [
      ...damagedPictures.map(({ digest, runs }) => {
        const of = runs.length === 0 ? '' : ` (in ${runs.join(', ')})`
        return `picture ${digest.slice(0, 12)} is damaged${of}`
      }),
      ...damagedCalls.map(({ key, problem }) => `call ${key.slice(0, 12)}: ${problem}`),
      `${counted(pictures, 'picture')} and ${counted(calls, 'call')} looked at, ${damaged} damaged${
        damaged === 0
          ? ''
          : repair
            ? ' and dropped: what needs them makes them again'
            : '; --repair drops them, and what needs them makes them again'
      }`,
    ]
    host.stdout.write(`${lines.join('\n')}\n`)
  }
  return damaged > 0 && !repair ? 1 : 0
}

/** `stagewright cache prune`: makes room; what a run's journal names stays.
 *  @throws {PipelineError} SW_CLI_BAD_SIZE */
export async function cachePruneCommand(
  options: CacheOptions & { readonly to?: string; readonly dryRun?: true },
  host: CliHost,
): Promise<void> {
  const dryRun = options.dryRun === true
  const { calls, pictures, freed, left } = await cachePrune(openStore(options.out, host), {
    mostBytes: options.to === undefined ? undefined : bytesOf(options.to),
    dryRun,
  })
  if (options.json === true)
    return printJson({ calls, pictures, freed, left, dry_run: dryRun }, host)
  host.stdout.write(
    `${dryRun ? 'would remove' : 'removed'} ${counted(pictures.length, 'picture')} and ${counted(calls.length, 'call')}: ${bytesText(freed)}; ${bytesText(left)} that no run needs ${dryRun ? 'would stay' : 'stay'}\n`,
  )
}

function bytesOf(text: string): number {
  const units: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 }
  const found = /^(?<number>\d+(?:\.\d+)?)\s*(?<unit>[kmgt]?)b?$/i.exec(text.trim())?.groups
  if (found === undefined) throw errors.SW_CLI_BAD_SIZE({ value: text })
  return Number(found['number']) * (units[found['unit']?.toLowerCase() ?? ''] ?? 1)
}
