import { defineErrors, type Need } from '@stagewright/core'

/** On which server a call failed, when, and with what. */
export interface Evidence {
  readonly server: string
  /** ISO time. */
  readonly at: string
  readonly code: string
  readonly message: string
}

/** Every error of the pool, one factory per code. */
export const poolErrors = defineErrors({
  SW_POOL_MEMBERS: {
    kind: 'config',
    message: (d: { problem: string }) => `these servers make no pool: ${d.problem}`,
    hint: 'give at least one backend, each under a name of its own: pool([{ name: "a", backend }])',
  },
  SW_POOL_NO_SERVER: {
    kind: 'backend',
    message: (d: {
      /** Where it is written; absent for what no place names. */
      path?: string | undefined
      /** Kind and name of a resource, where it is one. */
      kind?: string | undefined
      name?: string | undefined
      what: string
      reasons: readonly string[]
      /** Where names are all that is in the way of some server: those that the first that lacks the fewest has not. */
      lacked?: readonly Need[] | undefined
    }) =>
      `${d.path === undefined ? '' : `${d.path}: `}no server has ${d.what}: ${d.reasons.join(', ')}`,
    hint: (d) =>
      d.name === undefined
        ? 'add a server that has all of it, or split the work into stages that one server each can do'
        : `install the ${d.kind ?? 'file'} on one of them that can do the rest, or write another name`,
  },
  SW_POOL_ALL_DOWN: {
    kind: 'backend',
    message: (d: { reasons: readonly string[] }) =>
      `no server of the pool answers: ${d.reasons.join('; ')}`,
    hint: 'start one of them, and check the addresses',
  },
  SW_POOL_GAVE_UP: {
    kind: 'backend',
    message: (d: { servers: readonly string[]; seconds: number; stopsRun: true }) =>
      `${d.servers.join(', ')} did not come back within ${d.seconds} s`,
    hint: 'start the servers again, then run again; what was made is kept (in code: error.result)',
  },
  SW_POOL_JOB_QUARANTINED: {
    kind: 'backend',
    message: (d: {
      stage: string
      operation: string
      owner: string
      servers: readonly string[]
      /** The evidence in words. */
      told: readonly string[]
      evidence: readonly Evidence[]
    }) =>
      `${d.operation} of ${d.stage} was on ${d.servers.join(' and ')} when they failed, and is not tried on a further server: ${d.told.join('; ')}`,
    hint: 'look at the servers’ logs at these times: the request may be what brings them down (too large, or a damaged model)',
  },
  SW_POOL_SAME_RUN: {
    kind: 'config',
    message: (d: { id: string }) => `the run "${d.id}" was queued while one of that id is not over`,
    hint: 'give each descriptor of pool.runs() an id of its own',
  },
  SW_POOL_CLOSED: {
    kind: 'plugin',
    message: () => 'the pool has been closed by its owner',
    hint: 'create a new pool',
  },
})
