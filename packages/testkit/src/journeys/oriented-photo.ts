import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { ImageSource, provide, type Provider } from '@stagewright/core'

/** A JPEG of 96×64 in one colour, whose EXIF orientation 6 says: turn it by a quarter to the right. */
const bytes = [
  '/9j/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWv',
  'uZHI////////////////////////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////',
  '////////////////////////////////////////////////////////////wAARCABAAGADASIAAhEBAxEB/8QA',
  'FQABAQAAAAAAAAAAAAAAAAAAAAH/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAAP/',
  'xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCgJKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAP//Z',
].join('')

/** Writes the photo into a directory of its own, and gives services that open its files. */
export async function orientedPhoto<T>(
  name: string,
  files: (directory: string) => ImageSource,
  use: (services: readonly Provider[]) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'stagewright-journey-'))
  try {
    await writeFile(join(directory, name), Buffer.from(bytes, 'base64'))
    return await use([provide(ImageSource, () => files(directory))])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
