import { defineErrors } from '@stagewright/core/errors'

const listed = (words: readonly string[]): string => words.join('; ')

/** What a server's answer, or a request before it is sent, can be wrong about. The wire has its own catalogue. */
export const answerErrors = defineErrors({
  // ── before the call ──
  SW_WEBUI_OPTION_OWNED: {
    kind: 'config',
    message: (d: { keys: readonly string[] }) =>
      `override_settings sets ${d.keys.join(', ')}, which the framework sets itself`,
    hint: 'remove it, and use the field for it: model, vae, clip_skip, scheduler, or those of the refiner',
  },
  SW_WEBUI_OPTION_UNKNOWN: {
    kind: 'config',
    message: (d: { keys: readonly string[] }) =>
      `override_settings sets ${d.keys.join(', ')}, which the server does not have`,
    hint: 'correct the key; GET /sdapi/v1/options lists them all',
  },
  SW_WEBUI_SCRIPT_UNKNOWN: {
    kind: 'backend',
    message: (d: { title: string; near: string }) =>
      `the server has no script "${d.title}".${d.near}`,
    hint: 'install the extension on the server, or remove the script',
  },
  SW_WEBUI_SCRIPT_KIND: {
    kind: 'config',
    message: (d: { title: string; field: string }) =>
      `the script "${d.title}" cannot be in ${d.field}`,
    hint: (d) =>
      d.field === 'alwayson_scripts'
        ? 'name it in script_name, with its arguments in script_args'
        : 'name it in alwayson_scripts',
  },
  SW_WEBUI_SCRIPT_ARGS: {
    kind: 'config',
    message: (d: { title: string; given: number; takes: number }) =>
      `the script "${d.title}" takes ${d.takes} arguments, and ${d.given} are given`,
    hint: 'arguments are positional and belong to a version: see GET /sdapi/v1/script-info',
  },
  SW_WEBUI_SCRIPT_FORM: {
    kind: 'config',
    message: (d: { title: string }) => `alwayson_scripts.${d.title} is no { args: [...] }`,
    hint: (d) => `write alwayson_scripts: { ${JSON.stringify(d.title)}: { args: [...] } }`,
  },
  SW_WEBUI_PROMPT_COMMAND: {
    kind: 'config',
    message: (d: { tag: string }) =>
      `the prompt holds ${d.tag}, which sd-server takes for settings`,
    hint: 'remove it: it would override the request',
  },
  SW_WEBUI_PICTURE_UNFIT: {
    kind: 'io',
    message: (d: { problem: string; server: string }) =>
      `a picture for ${d.server} ${d.problem}: the server would ignore it in silence`,
    hint: 'give a whole 8-bit RGB picture',
  },
  SW_WEBUI_PICTURE_UNREADABLE: {
    kind: 'io',
    message: (d: { name: string; kind: string }) =>
      `${d.name} is ${d.kind}, and where: client reads plain 8-bit PNG here`,
    hint: 'give webui({ toPicture }) that of @stagewright/image-files, or set samples_format to png on the server',
  },
  // ── what the server says ──
  SW_WEBUI_OUT_OF_MEMORY: {
    kind: 'backend',
    message: (d: { said: string; levers: readonly string[] }) =>
      `the server ran out of memory: ${d.said}`,
    hint: (d) => listed(d.levers),
  },
  SW_WEBUI_NAN: {
    kind: 'backend',
    message: (d: { said: string }) => `the model gave no numbers (NaN): ${d.said}`,
    hint: 'use another VAE (a "fp16-fix" one for SDXL), or start the server with --no-half-vae',
  },
  SW_WEBUI_MODEL_NOT_FOUND: {
    kind: 'backend',
    message: (d: { said: string }) => `the server does not find a checkpoint: ${d.said}`,
    hint: 'check model, refiner_model_name and hr_checkpoint_name; refresh the list on the server',
  },
  SW_WEBUI_SAMPLER_NOT_FOUND: {
    kind: 'backend',
    message: (d: { said: string }) => `the server does not know the sampler: ${d.said}`,
    hint: 'check sampler_name and hr_sampler_name against GET /sdapi/v1/samplers',
  },
  SW_WEBUI_UPSCALER_NOT_FOUND: {
    kind: 'backend',
    message: (d: { said: string }) => `the server does not find the upscaler: ${d.said}`,
    hint: 'check upscaler_1 and hr_upscaler against GET /sdapi/v1/upscalers',
  },
  SW_WEBUI_LORA_NOT_FOUND: {
    kind: 'backend',
    message: (d: { said: string }) => `the server does not find a LoRA: ${d.said}`,
    hint: 'check the <lora:…> tags against GET /sdapi/v1/loras',
  },
  SW_WEBUI_SCRIPT_REFUSED: {
    kind: 'backend',
    message: (d: { said: string }) => `the server refuses a script: ${d.said}`,
    hint: 'check alwayson_scripts and script_name against GET /sdapi/v1/script-info',
  },
  SW_WEBUI_PICTURE_REFUSED: {
    kind: 'backend',
    message: (d: { said: string }) => `the server cannot read a picture: ${d.said}`,
    hint: 'give a whole PNG, JPEG or WebP picture',
  },
  SW_WEBUI_FIELD_REFUSED: {
    kind: 'backend',
    message: (d: { fields: readonly string[]; said: string }) =>
      `the server refuses the request: ${d.said}`,
    hint: (d) =>
      d.fields.length === 0 ? 'check the values of the request' : `change ${d.fields.join(', ')}`,
  },
  SW_WEBUI_SERVER_FAILED: {
    kind: 'backend',
    message: (d: { status: number; said: string }) =>
      `the server failed (${d.status})${d.said === '' ? '' : `: ${d.said}`}`,
    hint: 'look at the server’s log; the same request will most likely fail again',
  },
  // ── answers that are no results ──
  SW_WEBUI_INTERRUPTED: {
    kind: 'backend',
    message: () => 'the job was interrupted on the server: its pictures are half made',
    hint: 'somebody else pressed Interrupt, or another client did; run again',
  },
  SW_WEBUI_NO_RESULT: {
    kind: 'backend',
    message: (d: { server: string; means: string }) =>
      `${d.server} answered with no picture: ${d.means}`,
    hint: 'look at the server’s log; if it is memory, use a smaller batch_size or size',
  },
  SW_WEBUI_NOT_A_PICTURE: {
    kind: 'backend',
    message: (d: { server: string; picture: number }) =>
      `picture ${d.picture} from ${d.server} is no PNG, JPEG or WebP`,
    hint: 'set samples_format to png on the server',
  },
  SW_WEBUI_SIZE_LOST: {
    kind: 'backend',
    message: (d: { expected: string; got: string }) =>
      `the detailer answered a picture of ${d.got} for one of ${d.expected}: it did not run`,
    hint: 'check the ADetailer extension: it redrew the whole picture, or rejected its arguments',
  },
})
