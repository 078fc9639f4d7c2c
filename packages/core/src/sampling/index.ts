export {
  heightField,
  maxSeed,
  optionalName,
  passthroughFields,
  samplingFields,
  seedField,
  sharedFields,
  subseedField,
  widthField,
  wordOrNumber,
} from './fields.js'
export {
  generatingNeeds,
  generatingNotes,
  heavyCallNotes,
  passthroughOf,
  settleNames,
  settleSampler,
} from './generating.js'
export { hiresTarget, type HiresTarget } from './hires-target.js'
export { loraNeeds, promptNotes } from './prompts.js'
export { type SplitSampler, splitSampler } from './schedulers.js'
export { executedSteps, samplingNeeds, samplingOf, seedAt, set } from './settings.js'
