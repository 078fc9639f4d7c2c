import { styleNames } from '../data/files.js'
import type { Exchange } from '../http/exchange.js'
import type { World } from '../world.js'
import type { Values } from './values.js'

/** Prompts with the named styles applied; `{prompt}` in a style is where the prompt goes. Unknown names do nothing. */
export function styled(
  values: Values,
  world: World,
  exchange: Exchange,
): { prompt: string; negative: string } {
  let { prompt, negative_prompt: negative } = values
  for (const name of values.styles ?? []) {
    const style = styleNames.find((one) => one.name === name)
    if (style === undefined) {
      exchange.ignore('styles', `"${name}" is not a style of this server`)
      continue
    }
    prompt = merged(style.prompt, prompt)
    negative = merged(style.negative_prompt, negative)
  }
  noteLoras(prompt, values, world, exchange)
  return { prompt, negative }
}

function merged(style: string, prompt: string): string {
  if (style.includes('{prompt}')) return style.replaceAll('{prompt}', () => prompt)
  return [prompt, style].filter((part) => part !== '').join(', ')
}

function noteLoras(prompt: string, values: Values, world: World, exchange: Exchange): void {
  for (const [tag, name] of prompt.matchAll(/<lora:([^:>]+)[^>]*>/gu)) {
    if (values.disable_extra_networks === true)
      exchange.ignore('prompt', `${tag}: disable_extra_networks is set`)
    else if (!world.loras.includes(name!))
      exchange.ignore('prompt', `${tag}: no such LoRA on this server`)
  }
}
