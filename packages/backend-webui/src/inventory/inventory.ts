import type { Checkpoint } from './checkpoints.js'

/** What a server has, as it was read before the run. */
export interface Inventory {
  readonly options: Readonly<Record<string, unknown>>
  /** Known names per kind of resource; `any` where the server does not list them. */
  readonly names: Readonly<Record<string, readonly string[] | 'any'>>
  /** By kind: alias → the name it stands for. */
  readonly aliases: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly checkpoints: ReadonlyMap<string, Checkpoint>
  /** Folder of each VAE or text encoder, where they are listed together. */
  readonly folders: ReadonlyMap<string, string>
  readonly loraPaths: ReadonlyMap<string, string>
  /** Undefined where the server does not list them. */
  readonly scripts: readonly ScriptInfo[] | undefined
  /** Keys that an ADetailer unit may have, where the extension tells its schema. */
  readonly detailerFields: readonly string[] | undefined
  /** Sampler names with the schedule in them ("DPM++ 2M Karras"), on servers that have no scheduler field. */
  readonly combinedSamplers: ReadonlySet<string> | undefined
}

/** Fields that only some servers have, and that stages therefore ask for by name. */
export const rareFields = [
  'distilled_cfg_scale',
  'additional_modules',
  'hr_cfg',
  'hr_distilled_cfg',
  'hr_additional_modules',
] as const

export interface ScriptInfo {
  /** Lower-cased title. */
  readonly name: string
  readonly alwaysOn: boolean
  readonly img2img: boolean
  readonly argumentCount: number
}
