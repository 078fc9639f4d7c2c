import { type Capabilities, onGrid } from '../contract/backend.js'
import { pictureKey } from '../contract/image-source.js'
import { canonicalName } from '../contract/names.js'
import type { Forecast, GivenForecast, PlanView, PreviousCall } from '../contract/stage.js'

/** What a stage's `plan` may know, as data and pure functions. */
export function makeView(parts: {
  readonly stage: string
  readonly input: Forecast
  readonly first: boolean
  readonly previous: PreviousCall | undefined
  readonly capabilities: Capabilities
  readonly pictures: ReadonlyMap<string, readonly GivenForecast[]>
}): PlanView {
  const { capabilities, pictures, previous } = parts
  return {
    stage: parts.stage,
    input: parts.input,
    first: parts.first,
    ...(previous === undefined ? {} : { previous }),
    carries: (operation, slot) =>
      slot.on.includes(operation.name) && capabilities.slots.includes(slot.name),
    pictures: (reference, use = 'picture') => pictures.get(pictureKey(reference, use)) ?? [],
    onGrid: (pixels) => onGrid(pixels, capabilities.grid),
    canonical: (kind, name) => canonicalName(capabilities, kind, name),
  }
}
