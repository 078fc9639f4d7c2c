import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

import { bytesOf, packedManifest } from './pack.mjs'

/** @typedef {import('./pack.mjs').Packed} Packed */

/** Ways of importing that these packages do not offer: they are ESM only. */
const notOffered = new Set(['node10', 'node16-cjs'])

/** What publint says of a packed package, suggestions too.
 *  @param {Packed} packed
 *  @returns {Promise<string[]>} */
export async function publintProblems(packed) {
  const { messages } = await publint({ pack: { tarball: bytesOf(packed) }, strict: true })
  const manifest = packedManifest(packed)
  return messages.map((message) => `publint: ${formatMessage(message, manifest)}`)
}

/** What arethetypeswrong says of a packed package: types that resolve otherwise than the code.
 *  @param {Packed} packed
 *  @returns {Promise<string[]>} */
export async function typesProblems(packed) {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(bytesOf(packed))))
  if (!analysis.types) return ['arethetypeswrong: the package has no types']
  return analysis.problems
    .filter((problem) => !('resolutionKind' in problem && notOffered.has(problem.resolutionKind)))
    .map((problem) => `arethetypeswrong: ${JSON.stringify(problem)}`)
}
