import type { Observer, StageResult } from '@stagewright/core'

import type { Output } from '../host.js'
import { timeText } from '../report/table.js'
import type { TimeLeft } from './time-left.js'

/** Tells how a run goes: a bar per stage on a terminal, with the time left where that is known; elsewhere a line where
 *  a stage begins and ends. */
export function progressOn(output: Output, left?: TimeLeft): Observer {
  const terminal = output.isTTY === true
  const open = new Map<string, string>()
  // A host is told once those merged into its call are over: the last of them has the pictures that go on.
  let host: { readonly result: StageResult; waiting: number } | undefined
  const merged = new Map<string, number>()
  let failure = ''
  const line = (text: string): void => lineOn(output, text)
  const bar = (stage: string, fraction: number, loading = false): void => {
    const name = open.get(stage) ?? stage
    const ms = left?.at(stage, fraction)
    const after = loading
      ? ', loads a model'
      : ms === undefined || ms < 1000
        ? ''
        : `, ${timeText(ms)} left`
    if (terminal) output.write(`\r\u001B[2K${barText(name, fraction, after, output)}`)
  }
  return (event) => {
    left?.observer(event)
    switch (event.type) {
      case 'stage-started': {
        open.set(event.stage, [event.stage, ...event.mergedWith].join(' + '))
        merged.set(event.stage, event.mergedWith.length)
        if (terminal) bar(event.stage, 0)
        else line(`${open.get(event.stage)} …`)
        break
      }
      case 'stage-progress':
        bar(event.stage, event.fraction, event.loading)
        break
      case 'image-failed': {
        // The line that ends the stage says so.
        if (event.error.kind === 'aborted') break
        // One cause may take many pictures with it: a server that is gone.
        const told = `${event.stage}: ${event.error.message.replace(`${event.stage} failed: `, '')}`
        if (told !== failure) line(told)
        failure = told
        break
      }
      case 'warning':
        line(`! ${event.stage === undefined ? '' : `${event.stage}: `}${event.message}`)
        break
      case 'stage-finished': {
        const { result } = event
        if (result.mergedInto.length === 0) host = { result, waiting: merged.get(event.stage) ?? 0 }
        else if (host !== undefined) host.waiting -= 1
        if (host === undefined || host.waiting > 0) break
        const { name } = host.result
        line(stageText(open.get(name) ?? name, { ...host.result, images: result.images }))
        host = undefined
        break
      }
      default:
    }
  }
}

/** Writes a line where a bar may stand. */
export function lineOn(output: Output, text: string): void {
  output.write(output.isTTY === true ? `\r\u001B[2K${text}\n` : `${text}\n`)
}

function stageText(name: string, { outcome, ms, images, summary, calls }: StageResult): string {
  const sizes = new Map<string, number>()
  for (const { width, height } of images)
    sizes.set(`${width}x${height}`, (sizes.get(`${width}x${height}`) ?? 0) + 1)
  const pictures = [...sizes].map(([size, count]) => `${count} of ${size}`)
  const kept = calls.filter((call) => call.kept).length
  const servers = new Set(calls.flatMap(({ server }) => server ?? []))
  const parts = [
    `${outcome} in ${(ms / 1000).toFixed(1)} s`,
    ...pictures,
    ...(kept === 0 ? [] : [kept === calls.length ? 'kept' : `${kept} of ${calls.length} kept`]),
    ...(servers.size === 0 ? [] : [`on ${[...servers].join(', ')}`]),
    ...summary,
  ]
  return `${name.padEnd(18)} ${parts.join(' · ')}`
}

function barText(name: string, fraction: number, after: string, output: Output): string {
  // A terminal that does not know its width says 0.
  const columns = output.columns || 80
  const percent = `${String(Math.round(fraction * 100)).padStart(3)} %${after}`
  const room = columns - Math.max(18, name.length) - percent.length - 3
  const width = Math.max(10, Math.min(40, room))
  const full = Math.round(fraction * width)
  return `${name.padEnd(18)} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent}`.slice(
    0,
    columns - 1,
  )
}
