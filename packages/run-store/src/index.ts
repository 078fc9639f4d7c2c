export { type Cache } from './cache-care/contents.js'
export {
  type CachedCall,
  type CachedPicture,
  type CacheList,
  cacheList,
} from './cache-care/list.js'
export {
  cachePrune,
  defaultCacheBytes,
  type Pruned,
  type PruneOptions,
} from './cache-care/prune.js'
export { type CacheCheck, cacheVerify } from './cache-care/verify.js'
export { type CallFacts, type CallKeys, callKeys } from './calls/call-key.js'
export type { CallEntry, PictureRecord } from './calls/entry.js'
export { checkWritable, writeError, writeWhole } from './disk/files.js'
export { errors } from './errors.js'
export type { PictureEntry, RunDetails, RunEntry } from './history/entries.js'
export { type CallSample, type Estimate, estimate } from './history/estimate.js'
export { History, type HistoryOptions, type RunList } from './history/history.js'
export type { RunQuery, TimedBackend } from './history/queries.js'
export { rate, type Rated } from './history/rate.js'
export type { StageEntry } from './history/run-facts.js'
export type { CallSource, JournalEvent, SavedRecord } from './run/journal-events.js'
export { endingOf, safeName } from './run/names.js'
export { placeOf, readRun, type RunOnDisk, type RunStatus } from './run/read-run.js'
export { makeRunFolder } from './run/run-folder.js'
export type { SavedPictures } from './run/run-parts.js'
export type { RunRecord } from './run/run-record.js'
export { anewFrom, type Started, type StartFile } from './run/started.js'
export type { StoredRun } from './run/stored-run.js'
export { type BeginOptions, RunStore, type RunStoreOptions } from './store.js'
