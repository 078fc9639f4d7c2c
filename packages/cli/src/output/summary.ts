import { join, relative } from 'node:path'

import type { RunResult } from '@stagewright/core'

import type { SavedRun } from './save-run.js'

/** What a run ends by saying: what happened, and where the pictures are. */
export function summaryText(
  result: RunResult,
  saved: SavedRun,
  { cwd, ms, quiet }: { readonly cwd: string; readonly ms: number; readonly quiet: boolean },
): string {
  const shown = (path: string): string => {
    const way = relative(cwd, path)
    return way.length < path.length && way !== '' ? way : path
  }
  if (quiet) return shown(saved.folder)
  const { unfinished, warnings, images } = result
  const left = new Set(unfinished.flatMap(({ image }) => image?.digest ?? [])).size
  const [only, ...more] = saved.finals
  const finals =
    only === undefined
      ? []
      : [
          [
            'pictures',
            more.length === 0
              ? shown(only.path)
              : `${shown(join(saved.folder, 'final'))}/ (${images.length})`,
          ],
        ]
  const calls = result.stages.flatMap((stage) => stage.calls)
  const kept = calls.filter((call) => call.kept).length
  const lines = [
    ...finals,
    ...(left > 0 ? [['unfinished', `${shown(join(saved.folder, 'unfinished'))}/ (${left})`]] : []),
    ...(result.stages.some((stage) => stage.images.length > 0)
      ? [['stages', `${shown(join(saved.folder, 'stages'))}/`]]
      : []),
    ...(saved.contactSheet === undefined ? [] : [['contact sheet', shown(saved.contactSheet)]]),
    ['run again', ['stagewright run', shown(saved.runFile), ...saved.flags].join(' ')],
  ]
  return [
    `${headOf(result)} in ${(ms / 1000).toFixed(1)} s${kept === 0 ? '' : ` (${kept} of ${calls.length} calls were kept from before)`}`,
    ...result.stages.flatMap(({ name, summary, mergedInto }) =>
      mergedInto.length > 0 ? [] : summary.map((text) => `  ${name}: ${text}`),
    ),
    ...[...warnings, saved.trouble].flatMap((text) => (text === undefined ? [] : [`  ! ${text}`])),
    ...lines.map(([what, where]) => `${`${what}`.padEnd(14)} ${where}`),
  ].join('\n')
}

function headOf({ status, images, unfinished }: RunResult): string {
  const made = `${images.length} ${images.length === 1 ? 'picture' : 'pictures'}`
  if (status === 'done') return `done: ${made}`
  if (status === 'partial')
    return `partly done: ${made}, ${unfinished.length} did not reach the end`
  const kept = unfinished.some(({ image }) => image !== undefined)
  return `${status}: ${kept ? 'what was made is kept' : 'no picture was made'}`
}
