import { type ImageBatch, messageOf, type RunEvent } from '@stagewright/core'

import type { SavedRecord, Untimed } from './journal-events.js'

/** What of a run's event is written; calls and the end write for themselves.
 *  @param saved puts the pictures of a stage into the run's folder */
export function observed(
  event: RunEvent,
  saved: (stage: string, images: ImageBatch) => Promise<readonly SavedRecord[]>,
): (() => Promise<Untimed>) | undefined {
  switch (event.type) {
    case 'stage-started':
      return async () => ({
        type: 'stage_started',
        stage: event.stage,
        images: event.images.map(({ digest }) => digest),
        merged_with: event.mergedWith,
      })
    case 'stage-finished': {
      const { name, outcome, ms, calls, mergedInto, summary, images } = event.result
      return async () => ({
        type: 'stage_finished',
        stage: name,
        outcome,
        ms,
        calls: calls.length,
        merged_into: mergedInto,
        summary,
        images: await saved(name, images),
      })
    }
    case 'image-failed':
      return async () => ({
        type: 'image_failed',
        stage: event.stage,
        ...errorRecord(event.error),
      })
    case 'warning':
      return async () => ({ type: 'warning', stage: event.stage, message: event.message })
    default:
      return undefined
  }
}

/** An error as the journal names it. */
export function errorRecord(error: unknown): { readonly code: string; readonly message: string } {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return { code: typeof code === 'string' ? code : 'UNKNOWN', message: messageOf(error) }
}
