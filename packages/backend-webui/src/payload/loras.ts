import { answerErrors } from '../result/errors.js'
import type { BodyPart } from '../transport.js'
import { type Encoding, known } from './encoding.js'

const tag = /<(?:lora|lyco):([^:>]+)(?::([^:>]*))?[^>]*>/g
const command = /<sd_cpp_extra_args>/i

interface Prompts {
  readonly prompt: string
  readonly negative_prompt: string
}

/** Prompts and LoRAs as the server takes them: as tags, or taken out of the prompt as `lora: [{path, multiplier}]`.
 *  @throws {PipelineError} SW_WEBUI_PROMPT_COMMAND for a tag that would override the request
 *  @source sd-server: tags stay in its prompt without effect */
export function lorasOf(
  encoding: Encoding,
  { prompt, negative_prompt }: Prompts,
): Prompts & { readonly lora?: BodyPart } {
  if (encoding.dialect.loras === 'tags') return { prompt, negative_prompt }
  for (const text of [prompt, negative_prompt])
    if (command.test(text))
      throw answerErrors.SW_WEBUI_PROMPT_COMMAND({ tag: '<sd_cpp_extra_args>' })
  const lora = [...prompt.matchAll(tag)].map(([, name = '', weight = '1']) => {
    const own = known(encoding, 'lora', name, 'prompt')
    const multiplier = Number(weight)
    return {
      path: encoding.inventory.loraPaths.get(own) ?? own,
      multiplier: weight.trim() !== '' && Number.isFinite(multiplier) ? multiplier : 1,
    }
  })
  const bare = (text: string): string => text.replaceAll(tag, '').replaceAll(/ {2,}/g, ' ').trim()
  return {
    prompt: lora.length > 0 ? bare(prompt) : prompt,
    negative_prompt: negative_prompt.includes('<l') ? bare(negative_prompt) : negative_prompt,
    ...(lora.length > 0 ? { lora } : {}),
  }
}
