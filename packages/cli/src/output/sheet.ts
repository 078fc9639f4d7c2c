import type { PipelinePlan, RunResult, StageImage, StagePlan } from '@stagewright/core'

import type { CallLog, Step } from './call-log.js'

export interface SheetCell {
  readonly image: StageImage
  /** What is to be said of it: "unchanged: nothing found". */
  readonly note?: string | undefined
  /** Whether the call repairs regions: what it changed is framed. */
  readonly detail: boolean
  /** Whether the backend made it; false for a picture that was given. */
  readonly made: boolean
}

export interface SheetRow {
  readonly number: string
  readonly seed: number
  /** The name of the picture it was made from, or what stopped it. */
  readonly remark?: string | undefined
  readonly cells: readonly (SheetCell | undefined)[]
}

/** What a contact sheet shows: a row a picture, a cell a call. */
export interface Sheet {
  readonly title: string
  readonly subtitle: string
  readonly columns: readonly string[]
  readonly rows: readonly SheetRow[]
  /** Pictures that are not on the sheet. */
  readonly more: number
  readonly sketch: boolean
}

const mostRows = 40

interface About {
  readonly file: string
  readonly sketch: boolean
  /** The server that made the pictures, in words. */
  readonly server?: string | undefined
}

/** Follows each picture back through its calls, from the last to the picture it began with. */
export function sheetOf(
  result: RunResult,
  log: CallLog,
  given: ReadonlyMap<string, StageImage>,
  about: About,
): Sheet {
  const columns = columnsOf(result.plan, log)
  const finished = result.images.map((image) => ({ image, remark: image.name }))
  const unfinished = new Map(
    result.unfinished.flatMap(({ image, stage }) =>
      image === undefined ? [] : [[image.digest, { image, remark: `stopped in ${stage}` }]],
    ),
  )
  const all = [...finished, ...unfinished.values()]
  const traced = all.slice(0, mostRows).map(({ image, remark }, i) => ({
    image,
    remark,
    i,
    ...trace(image, columns, log.steps, given),
  }))
  const withInput = traced.some(({ input }) => input !== undefined)
  return {
    title: textOf('prompt', result) ?? '',
    subtitle: subtitleOf(result, about),
    columns: [...(withInput ? ['input'] : []), ...columns.map(({ title }) => title)],
    rows: traced.map(({ image, remark, i, input, cells }) => ({
      number: String(i + 1).padStart(2, '0'),
      seed: image.seed,
      remark,
      cells: [
        ...(withInput
          ? [input === undefined ? undefined : { image: input, detail: false, made: false }]
          : []),
        ...cells,
      ],
    })),
    more: Math.max(0, all.length - mostRows),
    sketch: about.sketch,
  }
}

interface Column {
  readonly title: string
  readonly stage: string
  readonly label: string | undefined
  readonly detail: boolean
}

/** A column for each kind of call that was made: its stage with those merged into it, and its label. */
function columnsOf(plan: PipelinePlan, { steps }: CallLog): Column[] {
  const enabled = plan.stages.filter((stage) => stage.enabled)
  return enabled.flatMap((stage) => {
    const labels = new Set(
      steps.filter((step) => step.stage === stage.name).map(({ label }) => label),
    )
    const names = [stage.name, ...mergedInto(stage, enabled)].join(' + ')
    return [...labels].map((label) => ({
      title: label === undefined ? names : `${names}: ${label}`,
      stage: stage.name,
      label,
      detail: stage.operation === 'detail',
    }))
  })
}

function mergedInto(host: StagePlan, enabled: readonly StagePlan[]): string[] {
  return enabled
    .filter(({ execution }) => execution.kind === 'merged' && execution.into.includes(host.name))
    .map(({ name }) => name)
}

function trace(
  image: StageImage,
  columns: readonly Column[],
  steps: readonly Step[],
  given: ReadonlyMap<string, StageImage>,
): { readonly input: StageImage | undefined; readonly cells: (SheetCell | undefined)[] } {
  let digest: string | undefined = image.digest
  const cells = columns.toReversed().map(({ stage, label, detail }) => {
    const step = steps.find(
      (one) => one.stage === stage && one.label === label && one.image.digest === digest,
    )
    if (step === undefined) return undefined
    digest = step.from
    return { image: step.image, note: noteOf(step), detail, made: true }
  })
  return {
    input: digest === undefined ? undefined : given.get(digest),
    cells: cells.toReversed(),
  }
}

function noteOf({ unchanged, unchangedMeans = 'nothing found' }: Step): string | undefined {
  if (unchanged === true) return `unchanged: ${unchangedMeans}`
  return unchanged === 'unknown' ? 'changed or not: unknown' : undefined
}

/** A text of the shared fields, else of the first stage that has one. */
function textOf(key: string, { config, plan }: RunResult): string | undefined {
  const stages = plan.stages.filter(({ enabled }) => enabled)
  return [config[key], ...stages.map((stage) => stage.config[key])].find(
    (value): value is string => typeof value === 'string' && value !== '',
  )
}

function subtitleOf(result: RunResult, { file, sketch, server }: About): string {
  const { status } = result
  return [
    file,
    textOf('model', result),
    ...(sketch ? ['drawn by sketch, no model'] : []),
    server,
    ...(status === 'done' ? [] : [status]),
  ]
    .filter((part) => part !== undefined)
    .join('  |  ')
}
