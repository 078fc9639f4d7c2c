import type { Sampling } from '@stagewright/core'

import { mostPacketBytes, type ProblemReason } from '../files/problem.js'
import { isMap, type JsonMap, nestedDeeper } from './json.js'

/** What a picture of ours carries about its making: enough to make it again, and to see what it went through. It holds
 *  no path of a machine and no secret (`withoutPaths`). */
export interface PictureBlock {
  /** Version of this form. */
  readonly v: 1
  readonly made_by: NameAndVersion
  /** Hash of the plan. */
  readonly plan: string
  /** The effective run config: defaults as given, names pinned, seeds resolved. */
  readonly config: JsonMap
  /** The stages of the plan, in order. */
  readonly stages: readonly NameAndVersion[]
  /** The stages that this picture has gone through; a labelled call as `stage:label`. */
  readonly lineage: readonly string[]
  /** The stage that it comes from. */
  readonly stage: string
  /** 0…2³²−1. */
  readonly seed: number
  /** The resolved settings of the generating call that made it. */
  readonly settings?: Sampling | undefined
  readonly backend: {
    readonly kind: string
    readonly dialect?: string | undefined
    readonly version?: string | undefined
    readonly server_model_hash?: string | undefined
  }
  /** `contentDigest` of the picture. */
  readonly digest?: string | undefined
}

export interface NameAndVersion {
  readonly name: string
  readonly version: string
}

export interface BlockRead {
  readonly block?: PictureBlock | undefined
  readonly problem?: { readonly reason: ProblemReason; readonly message: string } | undefined
}

/** Levels of a block: more than any run config has (32), its own two beside them. */
const deepest = 40

/** Reads a block's JSON; keys that version 1 does not know are kept. A text that is no valid block gives the reason. */
export function readBlock(json: string): BlockRead {
  // What was written as 1 MiB may be longer here: XMP holds other letters as escapes.
  if (json.length > mostPacketBytes)
    return failed('too_long', `the block is longer than ${mostPacketBytes} letters`)
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return failed('damaged', 'the block is no JSON')
  }
  return checkBlock(value)
}

/** Checks a value against the form of a block. */
export function checkBlock(value: unknown): BlockRead {
  if (!isMap(value)) return failed('invalid', 'the block is no object')
  if (nestedDeeper(value, deepest))
    return failed('invalid', `the block is nested deeper than ${deepest} levels`)
  const { v } = value
  if (typeof v === 'number' && v > 1)
    return failed('newer_version', `the block has version ${v}: it was written by a newer version`)
  if (v !== 1) return failed('invalid', 'the block has no version')
  const wrong = Object.entries(fields).find(([key, fits]) => !fits(value[key]))
  return wrong === undefined
    ? { block: value as unknown as PictureBlock }
    : failed('invalid', `the block's "${wrong[0]}" is missing or wrong`)
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isOptionalText: Check = (value) => value === undefined || isText(value)
const isNamed: Check = (value) => isMap(value) && isText(value['name']) && isText(value['version'])
const isSeed: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32
const listOf =
  (fits: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(fits)

const sampling: Readonly<Record<string, Check>> = {
  prompt: isText,
  negative_prompt: isText,
  sampler_name: isText,
  scheduler: isText,
  steps: Number.isFinite,
  cfg_scale: Number.isFinite,
  width: Number.isFinite,
  height: Number.isFinite,
  seed: Number.isFinite,
  subseed: Number.isFinite,
  subseed_strength: Number.isFinite,
  model: isOptionalText,
  vae: isOptionalText,
}

const fields: Readonly<Record<string, Check>> = {
  made_by: isNamed,
  plan: isText,
  config: isMap,
  stages: listOf(isNamed),
  lineage: listOf(isText),
  stage: isText,
  seed: isSeed,
  settings: (value) =>
    value === undefined ||
    (isMap(value) && Object.entries(sampling).every(([key, fits]) => fits(value[key]))),
  backend: (value) =>
    isMap(value) &&
    isText(value['kind']) &&
    ['dialect', 'version', 'server_model_hash'].every((key) => isOptionalText(value[key])),
  digest: isOptionalText,
}

function failed(reason: ProblemReason, message: string): BlockRead {
  return { problem: { reason, message } }
}
