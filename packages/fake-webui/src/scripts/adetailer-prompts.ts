import type { Unit } from './adetailer-args.js'

/** The unit's prompts for its first region: parts end at [SEP], [PROMPT] is the main prompt, blank means the same.
 *  The renderer redraws all regions with one prompt, so the first part speaks for all. */
export function unitPrompts(
  { ad_prompt, ad_negative_prompt }: Unit,
  prompt: string,
  negative: string,
): { readonly prompt: string; readonly negative: string } {
  return { prompt: firstPart(ad_prompt, prompt), negative: firstPart(ad_negative_prompt, negative) }
}

function firstPart(own: string, main: string): string {
  const part = own
    .split('[SEP]')[0]!
    .trim()
    .replaceAll('[PROMPT]', () => main)
  return part === '' ? main : part
}
