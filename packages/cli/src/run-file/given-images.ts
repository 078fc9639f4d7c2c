import { dirname, resolve, sep } from 'node:path'

/** What `--images` names, from where the command was called; patterns have forward slashes everywhere. */
export function imagePaths(images: readonly string[], cwd: string): string[] {
  return images.map((one) => resolve(cwd, one).split(sep).join('/'))
}

/** The folder or file that a picture named on the command line may be read from: whoever types a path means it. */
export function allowedByImages(images: readonly string[]): string[] {
  return images.map((path) => {
    const at = path.search(/[*?[\]{}!()]/)
    return at < 0 ? path : dirname(`${path.slice(0, at)}x`)
  })
}
