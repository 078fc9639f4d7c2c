import * as fields from './fields.js'
import * as files from './files.js'
import * as options from './options.js'
import * as samplers from './samplers.js'
import * as upscalers from './upscalers.js'

export const dialectNames = ['a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const
export type DialectName = (typeof dialectNames)[number]

/** What tells one kind of server from another, as data. */
export interface Dialect {
  readonly name: DialectName
  /** How schema violations are told; sd-server has no schema. */
  readonly pydantic: 'v1' | 'v2' | 'none'
  /** As `info.version` has it. */
  readonly version: string
  readonly options: options.Options
  readonly fields: fields.GenerationFields
  readonly extras: fields.Fields
  readonly samplers: readonly samplers.SamplerName[]
  readonly schedulers: readonly samplers.SchedulerName[]
  readonly upscalers: readonly upscalers.UpscalerName[]
  readonly latentModes: readonly string[]
  readonly models: readonly string[]
  /** VAEs, or what Forge lists in their place. */
  readonly modules: readonly string[]
  readonly detectors: readonly string[]
}

/** Versions as the reference gives them. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  a1111: {
    name: 'a1111',
    pydantic: 'v1',
    version: 'v1.10.1',
    options: options.a1111Options,
    fields: fields.a1111Fields,
    extras: fields.webuiExtras,
    samplers: samplers.a1111Samplers,
    schedulers: samplers.a1111Schedulers,
    upscalers: upscalers.webuiUpscalers,
    latentModes: samplers.latentModes,
    models: files.webuiModels,
    modules: files.vaeFiles,
    detectors: files.adetailerModels,
  },
  forge: {
    name: 'forge',
    pydantic: 'v2',
    version: 'f2.0.1v1.10.1-previous-665-gae278f79',
    options: options.forgeOptions,
    fields: fields.forgeFields,
    extras: fields.webuiExtras,
    samplers: samplers.forgeSamplers,
    schedulers: samplers.forgeSchedulers,
    upscalers: upscalers.webuiUpscalers,
    latentModes: samplers.latentModes,
    models: files.forgeModels,
    modules: files.forgeModules,
    detectors: files.adetailerModels,
  },
  reforge: {
    name: 'reforge',
    pydantic: 'v1',
    version: 'f1.0.0v2-v1.10.1RC-latest',
    options: options.reforgeOptions,
    fields: fields.reforgeFields,
    extras: fields.webuiExtras,
    samplers: samplers.reforgeSamplers,
    schedulers: samplers.forgeSchedulers,
    upscalers: upscalers.webuiUpscalers,
    latentModes: samplers.latentModes,
    models: files.webuiModels,
    modules: files.vaeFiles,
    detectors: files.adetailerModels,
  },
  sdnext: {
    name: 'sdnext',
    pydantic: 'v2',
    version: '2026-07',
    options: options.sdnextOptions,
    fields: fields.sdnextFields,
    extras: fields.sdnextExtras,
    samplers: samplers.sdnextSamplers,
    schedulers: [],
    upscalers: upscalers.sdnextUpscalers,
    latentModes: [],
    models: files.webuiModels,
    modules: files.vaeFiles,
    detectors: files.sdnextDetectors,
  },
  sdcpp: {
    name: 'sdcpp',
    pydantic: 'none',
    version: 'stable-diffusion.cpp',
    options: options.sdcppOptions,
    fields: { txt2img: {}, img2img: {} },
    extras: {},
    samplers: [],
    schedulers: [],
    upscalers: upscalers.sdcppUpscalers,
    latentModes: samplers.sdcppLatentModes,
    models: files.sdcppModels,
    modules: [],
    detectors: [],
  },
}
