export {
  heightField,
  maxSeed,
  optionalName,
  passthroughFields,
  samplingFields,
  seedField,
  subseedField,
  widthField,
  wordOrNumber,
} from './fields.js'
export { loraNeeds, promptNotes } from './prompts.js'
export { type SplitSampler, splitSampler } from './schedulers.js'
export { samplingNeeds, samplingOf, seedAt, set } from './settings.js'
