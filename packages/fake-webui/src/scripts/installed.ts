import type { FakeWebuiOptions } from '../options.js'
import { adetailer } from './adetailer.js'
import { controlnet } from './controlnet.js'
import type { Script } from './script.js'
import { sdUpscale } from './sd-upscale.js'

/** The scripts of a server with these options. SD.Next has a detailer of its own, sd-server no scripts at all. */
export function scriptsFor(options: FakeWebuiOptions): readonly Script[] {
  const { dialect, extensions = [] } = options
  if (dialect === 'sdcpp') return []
  if (dialect === 'sdnext') return [...extensions]
  return [
    ...(options.adetailer === false ? [] : [adetailer]),
    ...(options.controlnet === false ? [] : [controlnet]),
    ...extensions,
    sdUpscale,
  ]
}
