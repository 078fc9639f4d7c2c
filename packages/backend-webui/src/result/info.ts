import { parseInfotext } from '@stagewright/metadata'

/** What a server says of a generation; nothing of it is trusted where pixels or the request know better. */
export interface Info {
  readonly prompts: readonly string[]
  readonly negativePrompts: readonly string[]
  readonly seeds: readonly number[]
  readonly subseeds: readonly number[]
  readonly sampler?: string | undefined
  readonly model?: string | undefined
  readonly modelHash?: string | undefined
  readonly version?: string | undefined
  /** Where the pictures begin: a grid may stand before them. */
  readonly first: number
}

/** Reads `info`: JSON within JSON; empty, null or broken where the server had nothing to say. */
export function readInfo(body: Readonly<Record<string, unknown>>): Info {
  const info = parsed(body['info'])
  const first = info['index_of_first_image']
  return {
    prompts: strings(info['all_prompts']),
    negativePrompts: strings(info['all_negative_prompts']),
    seeds: numbers(info['all_seeds']),
    subseeds: numbers(info['all_subseeds']),
    sampler: text(info['sampler_name']),
    model: text(info['sd_model_name']) ?? modelOf(strings(info['infotexts'])[0]),
    modelHash: text(info['sd_model_hash']),
    version: text(info['version']),
    first: typeof first === 'number' && Number.isInteger(first) && first > 0 ? first : 0,
  }
}

/** SD.Next tells the model in the infotext alone. @source vladmandic/sdnext modules/processing.py: Processed.js */
function modelOf(infotext: string | undefined): string | undefined {
  if (infotext === undefined) return undefined
  return parseInfotext(infotext).pairs.find(([key]) => key === 'Model')?.[1]
}

function parsed(value: unknown): Readonly<Record<string, unknown>> {
  let read = value
  if (typeof value === 'string') {
    try {
      read = JSON.parse(value)
    } catch {
      return {}
    }
  }
  return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {}
}

function strings(value: unknown): string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : []
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) && value.every((one) => Number.isInteger(one)) ? value : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
