import { defineErrors, defineNotes } from '@stagewright/core'

/** Every error of sweeps, one factory per code. */
export const sweepErrors = defineErrors({
  SW_SWEEP_INVALID: {
    kind: 'config',
    message: (d: { path: string; value: unknown; problem: string }) =>
      `${d.path} is ${short(d.value)}: ${d.problem}`,
    hint: (d) => `change ${d.path}; an example: sweep: { axes: { seed: 1..4 } }`,
  },
  SW_SWEEP_UNKNOWN_FIELD: {
    kind: 'config',
    message: (d: { path: string; field: string; near: readonly string[] }) =>
      `there is no field ${JSON.stringify(d.field)} to sweep`,
    hint: (d) =>
      d.near.length === 0
        ? 'name a shared field (seed), a field of a stage (refiner.hr_scale), or prompt:WORD'
        : `did you mean ${d.near.join(' or ')}?`,
  },
  SW_SWEEP_STAGE_OFF: {
    kind: 'config',
    message: (d: { path: string; stage: string }) =>
      `${d.path} sweeps a field of ${d.stage}, which has no section in the run file`,
    hint: (d) => `add ${d.stage}: {} beside the sweep, with what it needs`,
  },
  SW_SWEEP_TWICE: {
    kind: 'config',
    message: (d: { path: string; field: string; other: string }) =>
      `${d.field} is swept in ${d.path} and in ${d.other}`,
    hint: 'sweep each field in one place',
  },
  SW_SWEEP_TOO_MANY: {
    kind: 'config',
    message: (d: { path: string; count: number; most: number }) =>
      `${d.path} gives ${d.count} cells; a sweep has at most ${d.most}`,
    hint: 'shorten an axis, or cut the sweep with limit',
  },
  SW_SWEEP_NO_CELLS: {
    kind: 'config',
    message: (d: { path: string; count: number }) =>
      `where leaves none of the ${d.count} cells of the sweep`,
    hint: 'loosen the conditions of sweep.where',
  },
  SW_SWEEP_WORD_ABSENT: {
    kind: 'config',
    message: (d: { path: string; word: string; near: readonly string[] }) =>
      `no prompt holds the word ${JSON.stringify(d.word)} that ${d.path} replaces`,
    hint: (d) =>
      d.near.length === 0
        ? `write ${d.word} into a prompt, where it shall be replaced`
        : `did you mean ${d.near.join(' or ')}? Upper and lower case differ`,
  },
  SW_SWEEP_WILDCARD_UNKNOWN: {
    kind: 'config',
    message: (d: { path: string; name: string; from: string | undefined; reason: string }) =>
      d.from === undefined
        ? `${d.path} draws the wildcard "${d.name}", and sweep.wildcards names no folder`
        : `${d.path} draws the wildcard "${d.name}", which is not in ${d.from}: ${d.reason}`,
    hint: (d) =>
      d.from === undefined
        ? `write wildcards: wildcards/ into sweep, with ${d.name}.txt in that folder, or wildcards: off to send it as it stands`
        : `add ${d.name}.txt there, one choice a line`,
  },
  SW_SWEEP_WILDCARD_DEPTH: {
    kind: 'config',
    message: (d: { path: string; most: number; trail: readonly string[] }) =>
      `${d.path} draws over ${d.most} wildcards within each other: ${d.trail.slice(0, 4).join(' > ')} …`,
    hint: 'break the circle: one of the files names itself, or one that names it',
  },
  SW_SWEEP_CELL_REFUSED: {
    kind: 'plan',
    message: (d: {
      /** Where the value is swept, if it is that. */
      path: string | undefined
      cells: string
      code: string
      problem: string
      remedy: string
    }) => `${d.cells}: ${d.problem} (${d.code})`,
    hint: (d) => `${d.remedy}; or leave such cells out with sweep.where`,
  },
  SW_SWEEP_NOT_A_SWEEP: {
    kind: 'config',
    message: (d: { path: string; problem: string }) =>
      `${d.path} is not the folder of a sweep: ${d.problem}`,
    hint: 'name a folder that a sweep has made; where its sweep.json is damaged, run the file of the sweep again: calls that are kept are not made again',
  },
  SW_SWEEP_NEWER: {
    kind: 'config',
    message: (d: { path: string; found: number; known: number }) =>
      `the sweep in ${d.path} has format ${d.found}; this version reads up to ${d.known}`,
    hint: 'update stagewright, and leave the sweep as it is until then',
  },
})

/** What a sweep tells without refusing it. */
export const sweepNotes = defineNotes({
  SW_NOTE_SWEEP_SEEDS_OVERLAP: (d: { seeds: string; shared: number }) =>
    `cells have seeds in common (${d.seeds}): ${d.shared === 0 ? 'their pictures are alike' : `they share ${times(d.shared, 'call')}`}`,
  SW_NOTE_SWEEP_AXIS_IDLE: (d: { axis: string; remedy: string }) =>
    `${d.axis} makes no difference: its cells make the same calls${d.remedy}`,
  SW_NOTE_SWEEP_NOT_SHARED: (d: { reason: string }) => `share: true is not taken: ${d.reason}`,
  SW_NOTE_SWEEP_SPLIT: (d: { cells: number; pictures: number }) =>
    `each picture has its own draw: ${times(d.cells, 'cell')} of several pictures ${d.cells === 1 ? 'becomes' : 'become'} ${times(d.pictures, 'run')} of one (wildcards: per_cell keeps them together)`,
  SW_NOTE_SWEEP_DRAWN_TOGETHER: (d: { cells: number; pictures: number }) =>
    `${times(d.cells, 'cell')} ${d.cells === 1 ? 'has' : 'have'} one draw for all ${d.pictures} pictures, which cannot be made apart (wildcards: per_cell, if that is meant)`,
  SW_NOTE_SWEEP_SERVERS_DIFFER: (d: { servers: readonly string[] }) =>
    `the pool's servers differ (${d.servers.join(', ')}): a seed need not make the same picture on each, so cells may also differ by where they were made`,
  SW_NOTE_SWEEP_CUT: (d: { limit: number; count: number }) =>
    `limit: ${d.limit} of ${d.count} cells are made`,
  SW_NOTE_SWEEP_NOT_REHEARSED: (d: { cell: number; reason: string }) =>
    `what cell ${d.cell} does could only be told in part: ${d.reason}`,
})

/** `1 cell`, `2 cells`. */
export function times(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
