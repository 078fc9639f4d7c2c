import { realpath } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path'

import { filesNamed } from '@stagewright/image-files'

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

/** The files that a reference stands for, each as a reference: relative where it is in the folder of the run file.
 *  @throws {PipelineError} SW_IMAGE_… */
export async function referencesTo(
  reference: string,
  places: { readonly root: string; readonly allow: readonly string[] },
): Promise<string[]> {
  const [files, root] = await Promise.all([filesNamed(reference, places), realpath(places.root)])
  return files.map((file) => {
    const way = relative(root, file)
    return (way.startsWith('..') || isAbsolute(way) ? file : way).split(sep).join('/')
  })
}
