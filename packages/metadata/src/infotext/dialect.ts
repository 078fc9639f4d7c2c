/** Who writes infotexts that differ. */
export type InfotextDialect = 'a1111' | 'forge' | 'reforge' | 'sdnext' | 'sdcpp' | 'comfyui'

/** Guesses from the version and from keys that one of them alone writes.
 *  @source Forge "f2.0.1v1.10.1-…", reForge "f1.0.0v2-v1.10.1RC-…", AUTOMATIC1111 "v1.10.1"; SD.Next `App` */
export function guessDialect(
  pairs: readonly (readonly [key: string, value: string])[],
): InfotextDialect | undefined {
  const told = new Map(pairs)
  const version = told.get('Version') ?? ''
  if (told.get('App') === 'SD.Next') return 'sdnext'
  if (told.has('SDCPP') || version === 'stable-diffusion.cpp') return 'sdcpp'
  if (/^comfyui/i.test(version)) return 'comfyui'
  if (/^f\d[\d.]*v\d+-v/.test(version)) return 'reforge'
  if (/^f\d|^neo/.test(version) || told.has('Module 1') || told.has('Distilled CFG Scale'))
    return 'forge'
  if (/^v?\d+\.\d+/.test(version)) return 'a1111'
  return undefined
}
