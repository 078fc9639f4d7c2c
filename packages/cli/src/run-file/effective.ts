import { extname } from 'node:path'

import { type GivenPicture, type ImageSource, type Stage, type StageImage } from '@stagewright/core'
import { safeName, type Started } from '@stagewright/run-store'
import { stringify } from 'yaml'

type Use = 'picture' | 'mask'

/** An image source that opens each reference once, and knows afterwards what it opened. */
export class OpenedPictures implements ImageSource {
  readonly #source: ImageSource
  readonly #opened = new Map<string, Promise<readonly GivenPicture[]>>()
  readonly #known = new Map<string, readonly StageImage[]>()

  constructor(source: ImageSource) {
    this.#source = source
  }

  open(reference: string, use: Use): Promise<readonly GivenPicture[]> {
    const key = `${use}:${reference}`
    const known = this.#opened.get(key)
    if (known !== undefined) return known
    const opening = this.#open(key, reference, use)
    this.#opened.set(key, opening)
    return opening
  }

  of(reference: string, use: Use): readonly StageImage[] {
    return this.#known.get(`${use}:${reference}`) ?? []
  }

  /** All pictures (not masks) by digest. */
  byDigest(): ReadonlyMap<string, StageImage> {
    const pictures = [...this.#known].filter(([key]) => key.startsWith('picture:'))
    return new Map(pictures.flatMap(([, images]) => images.map((image) => [image.digest, image])))
  }

  async #open(key: string, reference: string, use: Use): Promise<readonly GivenPicture[]> {
    const pictures = await this.#source.open(reference, use)
    this.#known.set(
      key,
      pictures.map(({ image }) => image),
    )
    return pictures
  }
}

/** A picture that goes along with `run.yaml`. */
export interface InputCopy {
  /** Relative to the run's folder. */
  readonly path: string
  readonly image: StageImage
}

export interface Effective {
  readonly config: Readonly<Record<string, unknown>>
  readonly copies: readonly InputCopy[]
}

/** The config that repeats a run from within its own folder: seeds and model resolved, and every given picture named
 *  by its copy in `inputs/`. A reference that opened several pictures becomes a folder that keeps their order. */
export function effectiveRun(
  { config, plan }: Pick<Started, 'config' | 'plan'>,
  stages: readonly Stage[],
  opened: OpenedPictures,
): Effective {
  const copies: InputCopy[] = []
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const copied = (reference: string, use: Use): string => {
    const key = `${use}:${reference}`
    const known = names.get(key)
    if (known !== undefined) return known
    const images = opened.of(reference, use)
    const path = copyAll(images, use, taken, copies)
    names.set(key, path ?? reference)
    return path ?? reference
  }
  const next: Record<string, unknown> = { ...config }
  if (next['input_images'] !== undefined)
    next['input_images'] = replaced(next['input_images'], (text) => copied(text, 'picture'))
  for (const stage of plan.stages.filter(({ enabled }) => enabled)) {
    const { definition } = stages.find(({ name }) => name === stage.name) ?? {}
    for (const { reference, path, use } of definition?.pictures?.(stage.config) ?? []) {
      const [key = ''] = path.split(/[.[]/)
      const section = next[stage.name] as Readonly<Record<string, unknown>> | null | undefined
      if (section === null || section === undefined || !Object.hasOwn(section, key)) continue
      const value = replaced(section[key], (text) =>
        text === reference ? copied(reference, use) : text,
      )
      next[stage.name] = { ...section, [key]: value }
    }
  }
  return { config: next, copies }
}

/** The text of `run.yaml`. */
export function effectiveYaml(
  config: Readonly<Record<string, unknown>>,
  from: string,
  flags: readonly string[] = [],
): string {
  const head = [
    `# The run of ${from.replaceAll(/[\r\n]/g, ' ')} as it was made: seeds and model are settled, given pictures are in inputs/.`,
    `# Repeat it: ${['stagewright run run.yaml', ...flags].join(' ')}`,
  ]
  return `${head.join('\n')}\n${stringify(config, { lineWidth: 0 })}`
}

function copyAll(
  images: readonly StageImage[],
  use: Use,
  taken: Set<string>,
  copies: InputCopy[],
): string | undefined {
  const [only] = images
  if (only === undefined) return undefined
  if (images.length === 1) {
    const path = free(`inputs/${safeStem(only.name ?? use)}`, '.png', taken)
    copies.push({ path, image: only })
    return path
  }
  const folder = free(`inputs/${use}s`, '', taken)
  const digits = Math.max(2, String(images.length).length)
  for (const [i, image] of images.entries()) {
    const number = String(i + 1).padStart(digits, '0')
    copies.push({ path: `${folder}/${number}-${safeStem(image.name ?? use)}.png`, image })
  }
  return folder
}

function free(stem: string, ending: string, taken: Set<string>): string {
  let path = `${stem}${ending}`
  for (let i = 2; taken.has(path.toLowerCase()); i++) path = `${stem}-${i}${ending}`
  taken.add(path.toLowerCase())
  return path
}

function safeStem(name: string): string {
  return safeName(name.slice(0, name.length - extname(name).length), 60)
}

/** Texts in a value, however deep, put through `change`. */
function replaced(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  return Array.isArray(value) ? value.map((one) => replaced(one, change)) : value
}
