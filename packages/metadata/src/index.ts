export {
  type BlockRead,
  checkBlock,
  type NameAndVersion,
  type PictureBlock,
  readBlock,
} from './block/block.js'
export { nameWithoutPath, withoutPaths, type WithoutPathsOptions } from './block/without-paths.js'
export { parseComfy, type ParsedComfy } from './comfy/parse.js'
export { contentDigest } from './files/digest.js'
export { pngChunk, type PngChunk, pngChunks } from './files/png-chunks.js'
export type { MetadataProblem, ProblemReason } from './files/problem.js'
export { infotextOf, type PictureMetadata, readMetadata } from './files/read.js'
export { type MetadataToWrite, withMetadata, type WrittenPicture } from './files/write.js'
export { adetailerPairs, adetailerUnits } from './infotext/adetailer.js'
export type { InfotextDialect } from './infotext/dialect.js'
export {
  type AdetailerFacts,
  adetailerFacts,
  type InfotextFacts,
  type UpscaleFacts,
} from './infotext/facts.js'
export { modelStem, withoutModelEnding } from './infotext/names.js'
export type { Pair } from './infotext/pairs.js'
export { parseInfotext, type ParsedInfotext } from './infotext/parse.js'
export { infotext, infotextPairs, upscalePairs, withPairs } from './infotext/write.js'
export { type PictureSize, recoverRunConfig } from './recover/recover.js'
export type { FieldSource, RecoveredField, RecoveredRun } from './recover/recovery.js'
