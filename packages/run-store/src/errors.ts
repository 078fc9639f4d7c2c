import { defineErrors } from '@stagewright/core'

/** Every error of this package, one factory per code. Those with `stopsRun` end a run: what is done stays kept. */
export const errors = defineErrors({
  SW_STORE_DISK_FULL: {
    kind: 'io',
    message: (d: { path: string; stopsRun: true }) => `no space is left on the disk for ${d.path}`,
    hint: 'free some space (stagewright cache prune), then: stagewright resume',
  },
  SW_STORE_WRITE_FAILED: {
    kind: 'io',
    message: (d: { path: string; reason: string; stopsRun: true }) =>
      `${d.path} could not be written: ${d.reason}`,
    hint: 'check the folder and its permissions, then: stagewright resume',
  },
  SW_STORE_READ_FAILED: {
    kind: 'io',
    message: (d: { path: string; reason: string }) => `${d.path} could not be read: ${d.reason}`,
    hint: 'check the file and its permissions',
  },
  SW_STORE_NEWER: {
    kind: 'io',
    message: (d: { path: string; found: unknown; known: number }) =>
      `${d.path} has format ${JSON.stringify(d.found)}; this version reads up to ${d.known}`,
    hint: 'update stagewright, and leave the run as it is until then',
  },
  SW_STORE_NOT_A_RUN: {
    kind: 'config',
    message: (d: { path: string; problem: string }) =>
      `${d.path} is not the folder of a run: ${d.problem}`,
    hint: 'name a folder that stagewright run has made; stagewright history lists them',
  },
  SW_STORE_RUN_LOCKED: {
    kind: 'config',
    message: (d: { path: string; pid: number; host: string }) =>
      `${d.path} is being worked on by process ${d.pid}${d.host === '' ? '' : ` on ${d.host}`}`,
    hint: (d) => `wait until it is done, or end it; if it is gone, remove run.lock in ${d.path}`,
  },
  SW_STORE_NO_SUCH_STAGE: {
    kind: 'config',
    message: (d: { stage: string; known: readonly string[]; stopsRun: true }) =>
      `there is no stage ${JSON.stringify(d.stage)} to begin from in this run`,
    hint: (d) => `name one of ${d.known.join(', ')}`,
  },
  SW_HISTORY_FAILED: {
    kind: 'io',
    message: (d: { path: string; reason: string }) =>
      `the history ${d.path} could not be used: ${d.reason}`,
    hint: 'remove the file: it is made anew from the folders of the runs',
  },
  SW_HISTORY_AMBIGUOUS: {
    kind: 'config',
    message: (d: { name: string; found: readonly string[] }) =>
      `${JSON.stringify(d.name)} may be ${d.found.length === 2 ? 'either' : 'any'} of ${someOf(d.found)}`,
    hint: 'give more of its name',
  },
  SW_HISTORY_NO_SUCH_PICTURE: {
    kind: 'config',
    message: (d: { name: string }) =>
      `no run of the history has a picture ${JSON.stringify(d.name)}`,
    hint: 'name a file in the folder of a run, or give the first digits of its SHA-256, at least 4',
  },
  SW_HISTORY_RATING_RANGE: {
    kind: 'config',
    message: (d: { rating: unknown }) => `${JSON.stringify(d.rating)} is no rating`,
    hint: 'give a whole number from 1 to 5',
  },
  SW_STORE_PICTURE_LOST: {
    kind: 'io',
    message: (d: { digest: string; problem: string }) =>
      `the stored picture ${d.digest.slice(0, 12)}… ${d.problem}`,
    hint: 'stagewright cache verify --repair drops what is damaged; then run again: only what is lost is made again',
  },
})

function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
