import type { CallRecord, Observer, RunEvent, StageImage } from '@stagewright/core'

import { errorJson } from '../report/error-text.js'
import { planJson } from '../report/plan-json.js'

/** Prints each event of a run as one line of JSON: kebab-case types, snake_case data. The end of the run is left to
 *  the command, which knows where the pictures are. */
export function jsonEvents(print: (value: object) => void): Observer {
  return (event) => {
    const value = eventJson(event)
    if (value !== undefined) print({ type: event.type, ...value })
  }
}

export function pictureJson({ width, height, seed, digest }: StageImage) {
  return { width, height, seed, sha256: digest }
}

function callJson({ unchangedMeans, ...call }: CallRecord): object {
  return { ...call, ...(unchangedMeans === undefined ? {} : { unchanged_means: unchangedMeans }) }
}

function eventJson(event: RunEvent): object | undefined {
  switch (event.type) {
    case 'run-started':
      return { run_id: event.runId, ...planJson(event.plan), notes: event.notes }
    case 'stage-started':
      return {
        stage: event.stage,
        images: event.images.map((image) => pictureJson(image)),
        merged_with: event.mergedWith,
      }
    case 'stage-progress':
      return { stage: event.stage, fraction: event.fraction, loading: event.loading }
    case 'call-finished':
      return { stage: event.stage, ...callJson(event.call) }
    case 'image-failed':
      return { stage: event.stage, error: errorJson(event.error) }
    case 'stage-finished': {
      const { outcome, ms, images, mergedInto, summary } = event.result
      return {
        stage: event.stage,
        outcome,
        ms,
        images: images.map((image) => pictureJson(image)),
        merged_into: mergedInto,
        summary,
      }
    }
    case 'warning':
      return { stage: event.stage, message: event.message }
    default:
      return undefined
  }
}
