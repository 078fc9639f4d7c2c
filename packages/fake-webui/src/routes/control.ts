import { parseFaults, writtenFault } from '../config/config.js'
import { withFileKeys } from '../config/shape.js'
import type { Faults } from '../faults/fault.js'
import { Answer } from '../http/errors.js'
import type { IgnoredRequest, RecordedRequest } from '../http/record.js'
import { extensionGet, extensionPost, type Route } from '../http/route.js'
import { snapshot } from '../snapshot.js'

/** What the control plane works on. */
export interface Control {
  readonly requests: readonly RecordedRequest[]
  readonly ignored: readonly IgnoredRequest[]
  reset(): void
}

/** The control plane, for tests that are not written in JavaScript. */
export function controlRoutes(control: Control): readonly Route[] {
  return [
    extensionGet('/__fake/requests', () => ({ json: control.requests })),
    extensionGet('/__fake/ignored', () => ({ json: control.ignored })),
    extensionGet('/__fake/state', (_, world) => ({ json: withFileKeys(snapshot(world, true)) })),
    extensionGet('/__fake/faults', (_, { faults }) => ({ json: listed(faults) })),
    extensionPost('/__fake/faults', ({ body }, { faults }) => {
      try {
        faults.add(...parseFaults(body))
      } catch (error) {
        throw new Answer(400, { error: error instanceof Error ? error.message : String(error) })
      }
      return { json: listed(faults) }
    }),
    extensionPost('/__fake/faults/clear', (_, { faults }) => {
      faults.clear()
      return { json: [] }
    }),
    extensionPost('/__fake/faults/release', (_, { faults }) => {
      faults.release()
      return { json: listed(faults) }
    }),
    extensionPost('/__fake/reset', () => {
      control.reset()
      return { json: {} }
    }),
  ]
}

function listed(faults: Pick<Faults, 'list'>): unknown {
  return faults.list().map(({ fault, hit }) => ({ ...writtenFault(fault), hit }))
}
