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
  return messages
    .filter((message) => !ofTemplate(message))
    .map((message) => `publint: ${formatMessage(message, manifest)}`)
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

/** A template's manifest is nested: it is one of a package to come.
 *  @param {import('publint').Message} message */
function ofTemplate({ code, args }) {
  return code === 'NESTED_PACKAGE_JSON_FIELD_IGNORED' && args.filePath.startsWith('./template/')
}
