import { defineErrors } from './define-errors.js'
import { didYouMean, nearest, quoteList } from './nearest.js'

const show = (value: unknown): string => {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
  return text.length > 120 ? `${text.slice(0, 117)}…` : text
}
const listed = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : names.join(', ')

const keyHint = (d: { key: string; known: readonly string[] }): string => {
  const [best] = nearest(d.key, d.known)
  if (best !== undefined) return `write ${best}, or remove ${d.key}`
  return `known here: ${listed(d.known.slice(0, 24))}${d.known.length > 24 ? ', …' : ''}`
}

/** Every error of core, one factory per code. `docs/errors.md` agrees with it by a test. */
export const errors = defineErrors({
  // ── config ──
  SW_CONFIG_INVALID: {
    kind: 'config',
    message: (d: { count: number }) => `the run config has ${d.count} errors`,
    hint: 'mend each of the errors listed',
  },
  SW_CONFIG_NOT_AN_OBJECT: {
    kind: 'config',
    message: (d: { path: string; value: unknown }) =>
      `${d.path} must be a map of keys to values, but is ${show(d.value)}`,
    hint: (d) => `write ${d.path} as "key: value" lines, or leave it empty for its defaults`,
  },
  SW_CONFIG_UNKNOWN_KEY: {
    kind: 'config',
    message: (d: { path: string; key: string; known: readonly string[]; remedy?: string }) =>
      `${d.path} is not a known key.${didYouMean(d.key, d.known)}`,
    hint: (d) => d.remedy ?? keyHint(d),
  },
  SW_CONFIG_INVALID_VALUE: {
    kind: 'config',
    message: (d: { path: string; value: unknown; problem: string; remedy?: string }) =>
      `${d.path} is ${show(d.value)}: ${d.problem}`,
    hint: (d) => d.remedy ?? `change ${d.path}`,
  },
  SW_CONFIG_MISSING: {
    kind: 'config',
    message: (d: { path: string; stage: string; must: string }) =>
      `${d.path} is missing, and ${d.stage} needs it; it ${d.must}`,
    hint: (d) => `write ${d.path}`,
  },
  SW_CONFIG_NOT_FINITE: {
    kind: 'config',
    message: (d: { path: string; value: unknown }) =>
      `${d.path} is ${String(d.value)}: not a finite number`,
    hint: (d) => `give ${d.path} a finite number`,
  },
  SW_CONFIG_NOT_SWITCHED_ON: {
    kind: 'config',
    message: (d: { stage: string; switches: readonly string[] }) =>
      `${d.stage} has enabled: true, but nothing in the section switches it on`,
    hint: (d) => `set ${quoteList(d.switches, 'or')} to true, or remove enabled`,
  },
  SW_CONFIG_FLAT_AMBIGUOUS: {
    kind: 'config',
    message: (d: { key: string; paths: readonly string[] }) =>
      `the flat key "${d.key}" could mean ${quoteList(d.paths, 'or')}: both stages are on`,
    hint: (d) => `use the nested form and write ${quoteList(d.paths)}`,
  },
  SW_CONFIG_PLACEMENT: {
    kind: 'config',
    message: (d: { path: string; problem: string }) => `${d.path}: ${d.problem}`,
    hint: 'placement is a map: stage → { before: [stage], after: [stage], terminal: false }',
  },
  SW_CONFIG_SWEEP_NOT_RUN: {
    kind: 'config',
    message: () => 'sweep is reserved for sweeps, which run() does not make',
    hint: 'stagewright run makes sweeps, and so does runSweep of @stagewright/scheduler; or remove sweep',
  },
  SW_CONFIG_TOO_DEEP: {
    kind: 'config',
    message: (d: { path: string; most: number }) =>
      `${d.path} is nested deeper than ${d.most} levels`,
    hint: 'flatten the value',
  },
  // ── pictures ──
  SW_IMAGE_NOT_READABLE: {
    kind: 'io',
    message: (d: { name: string; bytes: number }) =>
      `${d.name} (${d.bytes} bytes) is not a PNG, JPEG or WebP picture`,
    hint: 'give a whole PNG, JPEG or WebP file',
  },
  SW_IMAGE_NO_SOURCE: {
    kind: 'config',
    message: (d: { path: string; reference: string }) =>
      `${d.path} names ${show(d.reference)}, but this pipeline has no ImageSource to open it`,
    hint: 'give createPipeline services: [provide(ImageSource, () => fileImages(…))], or pass pictures to reprocess()',
  },
  SW_IMAGE_NONE_FOUND: {
    kind: 'config',
    message: (d: { path: string; reference: string }) =>
      `${d.path}: no picture found at ${show(d.reference)}`,
    hint: 'check the path; it is relative to the run file',
  },
  // ── plan ──
  SW_PLAN_NO_GENERATING_STAGE: {
    kind: 'plan',
    message: (d: { enabled: readonly string[]; generating: readonly string[] }) =>
      `no generating stage is enabled (enabled: ${listed(d.enabled)})`,
    hint: (d) =>
      d.generating.length === 0
        ? 'give the pipeline a stage that generates'
        : `enable ${quoteList(d.generating, 'or')}, or give input_images to reprocess pictures you have`,
  },
  SW_PLAN_NO_STAGE: {
    kind: 'plan',
    message: () => 'no stage is enabled',
    hint: 'enable a stage: write its section',
  },
  SW_PLAN_NO_PICTURES: {
    kind: 'plan',
    message: (d: { stage: string }) =>
      `${d.stage} needs pictures, and no stage before it makes any`,
    hint: (d) =>
      `enable a stage that generates before ${d.stage}, or give pictures: img2img.init_images, or input_images`,
  },
  SW_PLAN_PICTURES_DISCARDED: {
    kind: 'plan',
    message: (d: { stage: string }) =>
      `${d.stage} starts from nothing, and would throw away the pictures that exist before it`,
    hint: (d) => `disable ${d.stage}, or use a stage that takes pictures (img2img)`,
  },
  SW_PLAN_TERMINAL_NOT_LAST: {
    kind: 'plan',
    message: (d: { stage: string; after: readonly string[] }) =>
      `${d.stage} is terminal: it must be the last stage, but ${quoteList(d.after)} would run after it`,
    hint: (d) =>
      `disable one of them, or move ${d.stage} by placement: { ${d.stage}: { before: [${d.after.join(', ')}] } }`,
  },
  SW_PLAN_TWO_TERMINALS: {
    kind: 'plan',
    message: (d: { stages: readonly string[] }) =>
      `${quoteList(d.stages)} are both terminal, and only one stage can be last`,
    hint: (d) => `disable one, or set placement: { ${d.stages[0]}: { before: [${d.stages[1]}] } }`,
  },
  SW_PLAN_UNKNOWN_TARGET: {
    kind: 'plan',
    message: (d: { stage: string; edge: string; target: string; known: readonly string[] }) =>
      `${d.stage} has ${d.edge} "${d.target}", which is no stage here.${didYouMean(d.target, d.known)}`,
    hint: (d) => `correct the name, or write "${d.target}?" if that stage may be missing`,
  },
  SW_PLAN_EDGE_AGAINST_RANK: {
    kind: 'plan',
    message: (d: {
      first: string
      firstRank: number
      second: string
      secondRank: number
      constraint: string
    }) =>
      `"${d.first}" is to run before "${d.second}" (${d.constraint}), but its rank is higher (${d.firstRank} > ${d.secondRank})`,
    hint: (d) =>
      `remove the edge, or move one by placement: { ${d.first}: { before: [${d.second}] } }`,
  },
  SW_PLAN_CYCLE: {
    kind: 'plan',
    message: (d: { cycle: readonly string[]; constraints: readonly string[] }) =>
      `these stages wait for each other: ${[...d.cycle, d.cycle[0]].join(' → ')} (${d.constraints.join('; ')})`,
    hint: 'remove one of the constraints in brackets; each is in a stage or in placement',
  },
  SW_PLAN_DUPLICATE_STAGE: {
    kind: 'plan',
    message: (d: { stage: string; count: number }) =>
      `the plan holds "${d.stage}" ${d.count} times`,
    hint: (d) => `give the second one its own name: ${d.stage}.as("…")`,
  },
  SW_PLAN_ORDER: {
    kind: 'plan',
    message: (d: { stage: string; order: unknown; problem: string }) =>
      `the plan's order of "${d.stage}" (${show(d.order)}) ${d.problem}`,
    hint: 'remove order from every entry to let the sequencer order them, or correct it',
  },
  SW_PLAN_TRAITS_CHANGED: {
    kind: 'plan',
    message: (d: { stage: string; trait: string; planned: unknown; registered: unknown }) =>
      `the plan says ${d.trait} of "${d.stage}" is ${show(d.planned)}, but the registered stage says ${show(d.registered)}`,
    hint: 'make the plan again with the stages you run it with',
  },
  SW_PLAN_UNKNOWN_STAGE: {
    kind: 'plan',
    message: (d: { stage: string; known: readonly string[] }) =>
      `the plan names "${d.stage}", which is not registered.${didYouMean(d.stage, d.known)}`,
    hint: 'give createPipeline that stage',
  },
  SW_PLAN_SLOT_NOT_CARRIED: {
    kind: 'plan',
    message: (d: {
      stage: string
      slot: string
      by: string
      because: string
      remedy?: string | undefined
    }) =>
      d.by === d.stage
        ? `no call of ${d.stage}'s own can carry "${d.slot}": ${d.because}`
        : `${d.stage} needs ${d.by} to carry "${d.slot}", which it cannot: ${d.because}`,
    hint: (d) =>
      d.remedy ?? `disable ${d.stage}, or put it right after a call that carries "${d.slot}"`,
  },
  SW_PLAN_SLOT_CONFLICT: {
    kind: 'plan',
    message: (d: { slot: string; stages: readonly string[] }) =>
      `${quoteList(d.stages)} both fill the slot "${d.slot}" of one call`,
    hint: 'disable one of them',
  },
  SW_PLAN_NO_CALL_TO_JOIN: {
    kind: 'plan',
    message: (d: { stage: string; slot: string; wants: string }) =>
      `${d.stage} contributes "${d.slot}" to ${d.wants}, and there is none`,
    hint: (d) => `enable a stage that ${d.stage} can join, or disable ${d.stage}`,
  },
  SW_PLAN_NOT_JSON: {
    kind: 'plugin',
    message: (d: { stage: string; path: string; value: unknown }) =>
      `the plan of ${d.stage} holds ${d.path}, which is not JSON (${typeof d.value})`,
    hint: 'return plain data from plan()',
  },
  SW_PLAN_STRICT: {
    kind: 'plan',
    message: (d: { stage: string; code: string; note: string }) =>
      `${d.stage}: ${d.note} (${d.code})`,
    hint: 'mend it, or run without --strict',
  },
  // ── plugin ──
  SW_PLUGIN_BAD_DEFINITION: {
    kind: 'plugin',
    message: (d: { stage: string; field: string; value: unknown; must: string }) =>
      `stage ${show(d.stage)}: ${d.field} is ${show(d.value)}; it must ${d.must}`,
    hint: (d) => `correct ${d.field} in defineStage({ name: ${show(d.stage)}, … })`,
  },
  SW_PLUGIN_PHASE_GAP: {
    kind: 'plugin',
    message: (d: { name: string; lower: string; upper: string; inside: readonly string[] }) =>
      d.inside.length > 0
        ? `no slot "${d.name}" between ${d.lower} and ${d.upper}: ${quoteList(d.inside)} stands between them`
        : `no slot "${d.name}" between ${d.lower} and ${d.upper}: they are not in order`,
    hint: 'name two neighbouring phases, the earlier one first',
  },
  SW_PLUGIN_DUPLICATE_STAGE: {
    kind: 'plugin',
    message: (d: { stage: string; origins: readonly string[] }) =>
      `two stages are called "${d.stage}": ${d.origins.join(' and ')}`,
    hint: (d) => `remove one, or give it another name: .as("${d.stage}_2")`,
  },
  SW_PLUGIN_CONTRACT: {
    kind: 'plugin',
    message: (d: { stage: string; contract: unknown; supported: number }) =>
      `stage "${d.stage}" was made for contract version ${show(d.contract)}; this core supports ${d.supported}`,
    hint: (d) =>
      typeof d.contract !== 'number'
        ? 'give createPipeline what defineStage of @stagewright/core returns'
        : d.contract > d.supported
          ? 'the stage is newer: update @stagewright/core'
          : 'the stage is older: update its package, or install the @stagewright/core that it was made for',
  },
  SW_PLUGIN_ASYNC_SCHEMA: {
    kind: 'plugin',
    message: (d: { stage: string }) => `the config schema of ${d.stage} validates asynchronously`,
    hint: 'use a synchronous schema; open files and services in execute()',
  },
  SW_PLUGIN_THREW: {
    kind: 'plugin',
    message: (d: { stage: string; during: string; reason: string }) =>
      `${d.stage} threw in ${d.during}: ${d.reason}`,
    hint: (d) => `report it to the author of ${d.stage}; the cause is attached`,
  },
  SW_DI_NOT_PROVIDED: {
    kind: 'plugin',
    message: (d: { token: string; wantedBy: string; known: readonly string[] }) =>
      `${d.wantedBy} needs the service "${d.token}", which nothing provides.${didYouMean(d.token, d.known)}`,
    hint: (d) => `give createPipeline services: [provide(${d.token}, …)]`,
  },
  SW_DI_CYCLE: {
    kind: 'plugin',
    message: (d: { cycle: readonly string[] }) =>
      `services need each other to be made: ${d.cycle.join(' → ')}`,
    hint: 'let one of them take a function that gets the other later',
  },
  SW_DI_MISSING_INJECT: {
    kind: 'plugin',
    message: (d: { class: string; position: number }) =>
      `parameter ${d.position} of the constructor of ${d.class} has no @inject(Token)`,
    hint: 'put @inject(Token) on every parameter and @injectable() on the class, or list the tokens in provideClass',
  },
  SW_DI_DISPOSED: {
    kind: 'plugin',
    message: (d: { token: string }) => `"${d.token}" was asked of a scope that has ended`,
    hint: 'use the pipeline before it is disposed',
  },
  // ── preflight: before the first call ──
  SW_PREFLIGHT_UNKNOWN_NAME: {
    kind: 'backend',
    message: (d: {
      path: string
      name: string
      kind: string
      known: readonly string[]
      remedy?: string | undefined
    }) => `${d.path}: the backend has no ${d.kind} "${d.name}".${didYouMean(d.name, d.known)}`,
    hint: (d) =>
      [
        d.known.length === 0
          ? `install the ${d.kind} on the server`
          : `it has: ${listed(d.known.slice(0, 20))}${d.known.length > 20 ? ', …' : ''}`,
        ...(d.remedy === undefined ? [] : [d.remedy]),
      ].join('; '),
  },
  SW_PREFLIGHT_REFUSED_NAME: {
    kind: 'backend',
    message: (d: { path: string; name: string; kind: string; reason: string }) =>
      `${d.path}: the ${d.kind} "${d.name}" cannot be used: ${d.reason}`,
    hint: (d) => `remove ${d.path}`,
  },
  SW_PREFLIGHT_SETTING: {
    kind: 'backend',
    message: (d: {
      path: string
      value: unknown
      reason: string
      remedy: string
      backend: string
    }) => `${d.path}: ${d.reason}`,
    hint: (d) => d.remedy,
  },
  SW_PREFLIGHT_COUNT: {
    kind: 'backend',
    message: (d: {
      path: string
      name: string
      kind: string
      count: number
      least: number
      most: number
    }) =>
      `${d.path} gives ${d.count} ${d.count === 1 ? 'argument' : 'arguments'}; the ${d.kind} "${d.name}" takes ${d.least === d.most ? d.most : d.least === 0 ? `at most ${d.most}` : `${d.least} to ${d.most}`}`,
    hint: (d) => `give as many as the backend lists for "${d.name}", in its order`,
  },
  SW_PREFLIGHT_NO_SUCH_KIND: {
    kind: 'backend',
    message: (d: {
      path: string
      name: string
      kind: string
      backend: string
      remedy?: string | undefined
    }) =>
      `${d.path}: "${d.name}" is ${/^[aeiou]/.test(d.kind) ? 'an' : 'a'} ${d.kind}, and the ${d.backend} backend has nothing of that kind`,
    hint: (d) => d.remedy ?? 'use a backend that has it, or remove the field',
  },
  SW_PREFLIGHT_NO_OPERATION: {
    kind: 'backend',
    message: (d: {
      stage: string
      operation: string
      backend: string
      known: readonly string[]
      remedy?: string | undefined
    }) =>
      `${d.stage} needs the operation "${d.operation}", which the ${d.backend} backend does not have (it has ${listed(d.known)})`,
    hint: (d) => d.remedy ?? `disable ${d.stage}, or use another backend`,
  },
  SW_PREFLIGHT_SEED_RANGE: {
    kind: 'backend',
    message: (d: { path: string; value: number; last: number; most: number; backend: string }) =>
      `${d.path} is ${d.value}${d.last === d.value ? '' : `, and counts up to ${d.last}`}; seeds of the ${d.backend} backend go up to ${d.most}`,
    hint: 'choose a smaller seed, or -1 for a random one',
  },
  SW_PREFLIGHT_TOO_LARGE: {
    kind: 'plan',
    message: (d: { stage: string; width: number; height: number; megapixels: string }) =>
      `${d.stage} would make ${d.width}x${d.height} (${d.megapixels} MP); the limit is 120 MP and 16,384 px a side`,
    hint: 'scale less, or allow it with --allow-large (allowLarge: true)',
  },
  SW_PREFLIGHT_DESCRIBE: {
    kind: 'backend',
    message: (d: { backend: string; reason: string }) =>
      `the ${d.backend} backend did not say what it can do: ${d.reason}`,
    hint: 'check that the server runs and that its API is switched on',
  },
  // ── running ──
  SW_STAGE_FAILED: {
    kind: 'stage',
    message: (d: { stage: string; reason: string; merged: readonly string[] }) =>
      `${d.stage}${d.merged.length > 0 ? ` (with ${d.merged.join(', ')})` : ''} failed: ${d.reason}`,
    hint: 'mend the cause and run again; what was made before is kept (in code: error.result)',
  },
  SW_STAGE_NO_PICTURES: {
    kind: 'stage',
    message: (d: { stage: string }) => `${d.stage} handed on no picture`,
    hint: 'a stage must return one picture for each that it takes',
  },
  SW_BACKEND_FAILED: {
    kind: 'backend',
    message: (d: { backend: string; operation: string; reason: string }) =>
      `${d.operation} failed on the ${d.backend} backend: ${d.reason}`,
    hint: 'look at the cause and at the server’s log',
  },
  SW_BACKEND_LOST: {
    kind: 'backend',
    message: (d: { backend: string; reason: string }) =>
      `the connection to the ${d.backend} backend is lost: ${d.reason}`,
    hint: 'start the server again, then run again; what was made is kept (in code: error.result)',
  },
  SW_BACKEND_UNSUPPORTED: {
    kind: 'backend',
    message: (d: { backend: string; what: string }) =>
      `the ${d.backend} backend cannot do ${d.what}`,
    hint: 'use a backend that names it in describe()',
  },
  SW_BACKEND_BAD_RESULT: {
    kind: 'backend',
    message: (d: { backend: string; operation: string; problem: string }) =>
      `${d.operation} on the ${d.backend} backend gave a bad result: ${d.problem}`,
    hint: 'a backend returns { images: StageImage[] }; report it to its author',
  },
  SW_RUN_CANCELLED: {
    kind: 'aborted',
    message: (d: { stage: string | undefined }) =>
      d.stage === undefined ? 'the run was cancelled' : `the run was cancelled in ${d.stage}`,
    hint: 'run again to make the rest; what was finished is kept (in code: error.result)',
  },
  SW_RUN_DISPOSED: {
    kind: 'plugin',
    message: () => 'this pipeline has been disposed',
    hint: 'create a new pipeline',
  },
})
