import type { Dialect } from '../dialects/dialect.js'
import { said, tellsNaN, tellsOutOfMemory } from '../http/answer-errors.js'
import { answerErrors } from './errors.js'

/** Makes the typed error of a refusal, whatever envelope the server put it in; `levers` says what would need less
 *  memory. @source reference §9 */
export function failureOf(dialect: Dialect, levers: readonly string[]) {
  return (status: number, body: unknown, text: string): Error => {
    const fields = fieldsOf(body)
    if (fields.length > 0)
      return answerErrors.SW_WEBUI_FIELD_REFUSED({
        fields: fields.map(({ field }) => field),
        said: fields.map(({ field, message }) => `${field}: ${message}`).join('; '),
      })
    const words = said(text)
    // sd-server tells an allocation that failed by having no results.
    const starved = dialect.progress === 'none' && /returned no results/i.test(text)
    if (starved || tellsOutOfMemory(text))
      return answerErrors.SW_WEBUI_OUT_OF_MEMORY({ said: words, levers })
    if (tellsNaN(text)) return answerErrors.SW_WEBUI_NAN({ said: words })
    const known = tellings.find(([pattern]) => pattern.test(text))
    if (known !== undefined) return known[1](words)
    return status < 500
      ? answerErrors.SW_WEBUI_FIELD_REFUSED({ fields: [], said: words })
      : answerErrors.SW_WEBUI_SERVER_FAILED({ status, said: words })
  }
}

const tellings: readonly (readonly [RegExp, (words: string) => Error])[] = [
  [
    /could not find checkpoint|model '.*' not found|checkpoint .*not found|no such file or directory: '[^']*\.(safetensors|ckpt|gguf|sft)'/i,
    (words) => answerErrors.SW_WEBUI_MODEL_NOT_FOUND({ said: words }),
  ],
  [
    /sampler not found|bad sampler name/i,
    (words) => answerErrors.SW_WEBUI_SAMPLER_NOT_FOUND({ said: words }),
  ],
  [
    /could not find upscaler/i,
    (words) => answerErrors.SW_WEBUI_UPSCALER_NOT_FOUND({ said: words }),
  ],
  [
    /invalid lora path|lora\.path/i,
    (words) => answerErrors.SW_WEBUI_LORA_NOT_FOUND({ said: words }),
  ],
  [
    /script (not found|'.*' not found)|selectable script|always on script/i,
    (words) => answerErrors.SW_WEBUI_SCRIPT_REFUSED({ said: words }),
  ],
  [
    /init image (not found|is none)|invalid encoded image|bad number of images/i,
    (words) => answerErrors.SW_WEBUI_PICTURE_REFUSED({ said: words }),
  ],
]

/** Violations of the schema, in pydantic's list; both of its versions name the field in `loc`. */
function fieldsOf(body: unknown): { readonly field: string; readonly message: string }[] {
  const detail =
    typeof body === 'object' && body !== null && 'detail' in body ? body.detail : undefined
  if (!Array.isArray(detail)) return []
  return detail.map((one: unknown) => {
    const { loc, msg } = (one ?? {}) as { loc?: unknown; msg?: unknown }
    const path = Array.isArray(loc) ? loc.filter((part) => part !== 'body').join('.') : ''
    return { field: path === '' ? 'the request' : path, message: String(msg) }
  })
}

/** What would need less memory, from the request itself. */
export function leversOf(request: {
  readonly batch_size?: number
  readonly width?: number
  readonly height?: number
  readonly upscaling_resize?: number | undefined
  readonly tile_width?: number
  readonly hires?: boolean
}): string[] {
  const {
    batch_size: batch = 1,
    width,
    height,
    upscaling_resize: factor,
    tile_width: tile,
  } = request
  return [
    ...(batch > 1 ? [`batch_size ${batch} → 1 keeps the seeds, or onOom: halve_batch`] : []),
    ...(request.hires === true ? ['a smaller hr_scale, or a latent hr_upscaler'] : []),
    ...(tile === undefined ? [] : ['smaller tile_width and tile_height']),
    ...(factor === undefined ? [] : [`upscaling_resize below ${factor}, or several steps`]),
    ...(width === undefined || factor !== undefined
      ? []
      : [`a size below ${width}x${height ?? width}`]),
    'close what else uses the GPU',
  ]
}
