const endings = /\.(safetensors|ckpt|gguf|sft|pt|pth|bin)$/i
const hash = / \[[0-9a-f]+\]$/i

/** A model file's name without folder, hash and ending: `sub/base.safetensors [31e35c80fc]` is `base`. */
export function modelStem(name: string): string {
  return withoutModelEnding(basename(name.replace(hash, '')))
}

/** A model file's name without its ending. */
export function withoutModelEnding(name: string): string {
  return name.replace(endings, '')
}

/** A file's name without its folder. */
export function basename(path: string): string {
  return path.replace(/^.*[\\/]/, '')
}
