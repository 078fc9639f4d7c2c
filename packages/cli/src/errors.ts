import { defineErrors } from '@stagewright/core'

/** Every error of the command line, one factory per code. */
export const errors = defineErrors({
  SW_CLI_API_OFF: {
    kind: 'backend',
    message: (d: { urls: readonly string[] }) => `${d.urls.join(', ')} answers, but its API is off`,
    hint: 'start it with --api, or name another server with --backend http://host:port',
  },
  SW_CLI_AUTH_VARIABLES: {
    kind: 'config',
    message: (d: { problem: string }) =>
      `the credentials in the environment cannot be used: ${d.problem}`,
    hint: 'set either STAGEWRIGHT_AUTH=user:password or STAGEWRIGHT_BEARER=token',
  },
  SW_CLI_BAD_SET: {
    kind: 'config',
    message: (d: { option: string; problem: string }) => `--set ${d.option}: ${d.problem}`,
    hint: 'write --set path=value: --set refiner.hr_scale=1.5, --set adetailer.units[0].ad_model=hand_yolov8n.pt',
  },
  SW_CLI_CONFIG_INVALID: {
    kind: 'config',
    message: (d: { path: string; place: string; problem: string; remedy: string }) =>
      `${d.place}: ${d.problem}`,
    hint: (d) => `mend it: ${d.remedy}`,
  },
  SW_CLI_CONFIG_NOT_FOUND: {
    kind: 'config',
    message: (d: { file: string }) => `there is no config file ${d.file}`,
    hint: 'check the path; without --config, stagewright.config.yaml of this folder is read if it is there',
  },
  SW_CLI_COUNT_UNUSED: {
    kind: 'config',
    message: (d: { count: number }) =>
      `--count ${d.count} has no effect: no stage that generates is enabled`,
    hint: 'leave --count out: a run on given pictures hands on one for each',
  },
  SW_CLI_OPTION_SWEPT: {
    kind: 'config',
    message: (d: { option: string; field: string; path: string }) =>
      `${d.option} has no effect: the sweep goes over ${d.field}`,
    hint: (d) => `leave it out, or give the sweep other values in ${d.path}`,
  },
  SW_CLI_FILE_EXISTS: {
    kind: 'config',
    message: (d: { file: string }) => `${d.file} is there already`,
    hint: 'choose another name, or write over it with --force',
  },
  SW_CLI_FILE_NOT_FOUND: {
    kind: 'config',
    message: (d: { file: string; near: readonly string[] }) => `there is no run file ${d.file}`,
    hint: (d) =>
      d.near.length > 0
        ? `run files in that folder: ${d.near.join(', ')}`
        : 'check the path, or write a run file with: stagewright init',
  },
  SW_CLI_SWEEP_RECORD: {
    kind: 'config',
    message: (d: { file: string; folder: string }) =>
      `${d.file} is what was settled of a sweep, not a run file`,
    hint: (d) => `go on with that sweep: stagewright resume ${d.folder}`,
  },
  SW_CLI_FILE_TOO_LARGE: {
    kind: 'config',
    message: (d: { file: string; bytes: number; most: number }) =>
      `${d.file} has ${d.bytes} bytes; a run file has ${d.most} at most`,
    hint: 'is it a run file? pictures are named in it, not written into it',
  },
  SW_CLI_FILE_UNREADABLE: {
    kind: 'io',
    message: (d: { file: string; reason: string }) => `${d.file} cannot be read: ${d.reason}`,
    hint: 'check that it is a file, and that you may read it',
  },
  SW_CLI_FAKE_CONFIG: {
    kind: 'config',
    message: (d: { place: string; problem: string }) => `${d.place}: ${d.problem}`,
    hint: 'see the README of @stagewright/fake-webui for what the file may hold',
  },
  SW_CLI_BAD_DATE: {
    kind: 'config',
    message: (d: { option: string; value: string }) =>
      `${d.option} is ${JSON.stringify(d.value)}: no date`,
    hint: 'write a day (2026-11-20) or a time (2026-11-20T18:30)',
  },
  SW_CLI_BAD_SIZE: {
    kind: 'config',
    message: (d: { value: string }) => `--to is ${JSON.stringify(d.value)}: no size`,
    hint: 'write a number with a unit: 500MB, 5GB, or 0 for nothing',
  },
  SW_CLI_NOTHING_NAMED: {
    kind: 'config',
    message: (d: { named: string; root: string }) =>
      `there is no run, no sweep and no picture ${JSON.stringify(d.named)} in ${d.root}`,
    hint: 'name the folder of a run or a sweep, a picture in it, or the beginning of a SHA-256; stagewright history lists runs, --out says where they are',
  },
  SW_CLI_NOT_A_PICTURE: {
    kind: 'config',
    message: (d: { file: string; reason: string }) => `${d.file} is no picture: ${d.reason}`,
    hint: 'name a PNG, JPEG or WebP file',
  },
  SW_CLI_NOTHING_TO_REPLAY: {
    kind: 'config',
    message: (d: { file: string; problems: readonly string[] }) =>
      `${d.file} does not tell how it was made${d.problems.length === 0 ? '' : `: ${d.problems.join('; ')}`}`,
    hint: 'take the file as it was saved: editors, chats and web pages often drop what a picture carries',
  },
  SW_CLI_NO_SUCH_RUN: {
    kind: 'config',
    message: (d: { named: string; root: string; several: boolean; near: readonly string[] }) =>
      d.several
        ? `${JSON.stringify(d.named)} could be any of ${d.near.length} runs in ${d.root}`
        : `there is no run ${JSON.stringify(d.named)} in ${d.root}`,
    hint: (d) =>
      d.near.length === 0
        ? 'run a file first, or say with --out where the runs are'
        : `name one of: ${d.near.slice(0, 5).join(', ')}${d.near.length > 5 ? ` and ${d.near.length - 5} more` : ''}`,
  },
  SW_CLI_NOTHING_TO_RESUME: {
    kind: 'config',
    message: (d: { root: string; runs: number }) =>
      d.runs === 0 ? `there is no run in ${d.root}` : `every run in ${d.root} is done`,
    hint: (d) =>
      d.runs === 0
        ? 'say with --out where the runs are'
        : 'stagewright rerun makes one once more; stagewright history lists them',
  },
  SW_CLI_PLUGIN_CONTRACT: {
    kind: 'plugin',
    message: (d: { plugin: string; contract: number; supported: number }) =>
      `the plugin ${d.plugin} was made for contract version ${d.contract}; this stagewright supports ${d.supported}`,
    hint: (d) =>
      d.contract > d.supported
        ? 'update stagewright, or install an older version of the plugin'
        : 'install a newer version of the plugin, or ask its author for one',
  },
  SW_CLI_PLUGIN_NO_STAGE: {
    kind: 'plugin',
    message: (d: { plugin: string; file: string }) =>
      `the plugin ${d.plugin} exports no stage from ${d.file}`,
    hint: (d) => `take ${d.plugin} off the list, or export what defineStage returns`,
  },
  SW_CLI_PLUGIN_NOT_ALLOWED: {
    kind: 'plugin',
    message: (d: { plugin: string; need: string; allow: readonly string[]; range: string }) =>
      `the plugin ${d.plugin} says that it uses ${d.need}, which is not allowed`,
    hint: (d) =>
      `if that is all right, write ${d.plugin}: { version: "${d.range}", allow: [${d.allow.join(', ')}] }`,
  },
  SW_CLI_PLUGIN_NOT_FOUND: {
    kind: 'plugin',
    message: (d: { plugin: string; folder: string; range: string }) =>
      `the plugin ${d.plugin} is not installed where the config file is`,
    hint: (d) => `npm install ${d.plugin}@"${d.range}", in the folder of the config file`,
  },
  SW_CLI_PLUGIN_RANGE: {
    kind: 'plugin',
    message: (d: { plugin: string; range: string; stagewright: string }) =>
      `the plugin ${d.plugin} works with stagewright ${d.range}; this is ${d.stagewright}`,
    hint: 'install a version of the plugin, or of stagewright, that fits',
  },
  SW_CLI_PLUGIN_SERVICE: {
    kind: 'plugin',
    message: (d: { plugin: string; service: string; known: readonly string[] }) =>
      `the plugin ${d.plugin} needs the service ${d.service}, which the command line does not provide`,
    hint: (d) =>
      `it provides ${d.known.join(', ')}; with others, build the pipeline in code: createPipeline({ services: […] })`,
  },
  SW_CLI_PLUGIN_STATEMENT: {
    kind: 'plugin',
    message: (d: { plugin: string; problem: string }) =>
      `the plugin ${d.plugin} does not say what it is made for: ${d.problem}`,
    hint: 'its package.json needs "stagewright": { "contract": 1, "range": ">=0.1.0 <1.0.0", "needs": [] }; ask its author',
  },
  SW_CLI_PLUGIN_THREW: {
    kind: 'plugin',
    message: (d: { plugin: string; reason: string }) =>
      `the plugin ${d.plugin} cannot be loaded: ${d.reason}`,
    hint: 'install it anew, or take it off the list and tell its author; the cause is attached',
  },
  SW_CLI_PLUGIN_VERSION: {
    kind: 'plugin',
    message: (d: { plugin: string; version: string; range: string }) =>
      `the plugin ${d.plugin} is installed in version ${d.version}; the config file allows ${d.range}`,
    hint: (d) => `npm install ${d.plugin}@"${d.range}", or allow ${d.version} in the config file`,
  },
  SW_CLI_RUN_NEVER_BEGAN: {
    kind: 'config',
    message: (d: { run: string }) =>
      `${d.run} ended before its first call: there is nothing to go on from`,
    hint: 'run its file again',
  },
  SW_CLI_NO_SERVER: {
    kind: 'backend',
    message: (d: { ports: readonly number[] }) =>
      `no Stable Diffusion server answers on this machine (looked at the ports ${d.ports.join(', ')} of 127.0.0.1)`,
    hint: 'start the server (a WebUI with --api), name another one with --backend http://host:port, or draw without one with --backend sketch',
  },
  SW_CLI_PORT_UNUSABLE: {
    kind: 'io',
    message: (d: { port: number; reason: string }) =>
      `port ${d.port} cannot be listened on: ${d.reason}`,
    hint: 'choose another port, or a free one with --port 0',
  },
  SW_CLI_PROMPT_NOT_TEXT: {
    kind: 'config',
    message: (d: { key: string; place: string; readAs: string }) =>
      `${d.place}: YAML reads ${d.key} as ${d.readAs}, not as text`,
    hint: (d) => `quote the prompt: ${d.key}: "…"`,
  },
  SW_CLI_SECRET_IN_ADDRESS: {
    kind: 'config',
    message: (d: { url: string }) => `the address of ${d.url} was given with credentials in it`,
    hint: 'others can read a command line: set STAGEWRIGHT_AUTH=user:password, and leave them out of the address',
  },
  SW_CLI_SECRET_IN_FILE: {
    kind: 'config',
    message: (d: { path: string; place: string; remedy: string }) =>
      `${d.place}: ${d.path} holds a secret, and secrets come from the environment alone`,
    hint: (d) => `remove it, set a variable in the environment, and write ${d.remedy}`,
  },
  SW_CLI_SECRET_MISSING: {
    kind: 'config',
    message: (d: { server: string; variable: string }) =>
      `${d.server} needs the secret in ${d.variable}, and that is not set`,
    hint: (d) => `set it in the environment: export ${d.variable}=…`,
  },
  SW_CLI_POOL_AND_BACKEND: {
    kind: 'config',
    message: (d: { pool: string; backend: string }) =>
      `--pool ${d.pool} and --backend ${d.backend} cannot both say what makes the pictures`,
    hint: (d) => `leave one out, or write --pool ${d.pool},${d.backend}`,
  },
  SW_CLI_SERVER_OPTION: {
    kind: 'config',
    message: (d: { options: readonly string[]; backend: string }) =>
      `${d.options.join(', ')}: ${d.backend} is no server`,
    hint: 'leave the option out, or name a server: --backend http://host:port',
  },
  SW_CLI_UNKNOWN_BACKEND: {
    kind: 'config',
    message: (d: { name: string; known: readonly string[] }) =>
      `there is no backend ${JSON.stringify(d.name)}`,
    hint: (d) =>
      d.known.length > 0
        ? `choose one of: ${d.known.join(', ')}`
        : `write the whole address: http://${d.name}`,
  },
  SW_CLI_USAGE: {
    kind: 'config',
    message: (d: { problem: string; command: string }) => d.problem,
    hint: (d) => `see ${d.command} --help`,
  },
  SW_CLI_YAML_SYNTAX: {
    kind: 'config',
    message: (d: { place: string; problem: string; excerpt: string; prompt: boolean }) =>
      `${d.place}: ${d.problem}${d.excerpt === '' ? '' : `\n${d.excerpt}`}`,
    hint: (d) =>
      d.prompt
        ? 'quote the prompt: signs such as : # { [ & * mean something in YAML'
        : 'mend the line; indent with spaces, and quote texts that hold : or #',
  },
})
