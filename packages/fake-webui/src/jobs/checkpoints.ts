import { createHash } from 'node:crypto'

/** A file in the model folder. */
export interface Checkpoint {
  /** Relative to the folder: `sub/name.safetensors`. */
  readonly file: string
  readonly sha256: string
  /** Known after the first load: until then titles and listings go without the hash. */
  hashed: boolean
}

export interface CheckpointInit {
  readonly file: string
  /** Default: made from the name. */
  readonly sha256?: string | undefined
  /** Whether the server knows its hash from the start. */
  readonly hashed?: boolean | undefined
}

export function checkpoint(init: string | CheckpointInit): Checkpoint {
  const { file, sha256, hashed } =
    typeof init === 'string' ? ({ file: init } as CheckpointInit) : init
  return {
    file,
    sha256: sha256 ?? createHash('sha256').update(`model ${file}`).digest('hex'),
    hashed: hashed ?? false,
  }
}

export const shortHash = (one: Checkpoint): string => one.sha256.slice(0, 10)

/** "sub/name.safetensors [0123456789]"; without the brackets until the file was hashed. */
export function title(one: Checkpoint): string {
  return one.hashed ? `${one.file} [${shortHash(one)}]` : one.file
}

/** Relative path without extension, separators as underscores. */
export function modelName(one: Checkpoint): string {
  return withoutExtension(one.file).replaceAll(/[/\\]/gu, '_')
}

/** By any of the names that a server accepts exactly: title, file, model name, stem, hashes, "name [hash]". */
export function byAlias(all: readonly Checkpoint[], name: string): Checkpoint | undefined {
  return all.find((one) => aliases(one).includes(name))
}

/** As refiner and hires checkpoints are looked up: exactly, or as part of a title, the shortest title first. */
export function bySubstring(all: readonly Checkpoint[], name: string): Checkpoint | undefined {
  return (
    byAlias(all, name) ??
    all
      .filter((one) => title(one).includes(name))
      .toSorted((a, b) => title(a).length - title(b).length)[0]
  )
}

function aliases(one: Checkpoint): string[] {
  const stem = withoutExtension(one.file.split(/[/\\]/u).at(-1)!)
  const names = [title(one), one.file, modelName(one), stem]
  if (!one.hashed) return names
  const short = shortHash(one)
  return [...names, short, one.sha256, `${modelName(one)} [${short}]`, `${stem} [${short}]`]
}

function withoutExtension(file: string): string {
  return file.replace(/\.[^./\\]+$/u, '')
}
