import { defineErrors } from '@stagewright/core'

/** Every error of the command line, one factory per code. */
export const errors = defineErrors({
  SW_CLI_BAD_SET: {
    kind: 'config',
    message: (d: { option: string; problem: string }) => `--set ${d.option}: ${d.problem}`,
    hint: 'write --set path=value: --set refiner.hr_scale=1.5, --set adetailer.units[0].ad_model=hand_yolov8n.pt',
  },
  SW_CLI_COUNT_UNUSED: {
    kind: 'config',
    message: (d: { count: number }) =>
      `--count ${d.count} has no effect: no stage that generates is enabled`,
    hint: 'leave --count out: a run on given pictures hands on one for each',
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
  SW_CLI_OUTPUT_FAILED: {
    kind: 'io',
    message: (d: { path: string; reason: string }) => `${d.path} cannot be written: ${d.reason}`,
    hint: 'free some space or rights there, or choose another folder with --out',
  },
  SW_CLI_PROMPT_NOT_TEXT: {
    kind: 'config',
    message: (d: { key: string; place: string; readAs: string }) =>
      `${d.place}: YAML reads ${d.key} as ${d.readAs}, not as text`,
    hint: (d) => `quote the prompt: ${d.key}: "…"`,
  },
  SW_CLI_UNKNOWN_BACKEND: {
    kind: 'config',
    message: (d: { name: string; known: readonly string[] }) =>
      `there is no backend ${JSON.stringify(d.name)}`,
    hint: (d) => `choose one of: ${d.known.join(', ')}`,
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
