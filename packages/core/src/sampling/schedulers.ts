/** Scheduler names that older WebUIs wrote behind the sampler's.
 *  @source WebUI modules/sd_schedulers.py: labels */
const schedulers = [
  'Karras',
  'Exponential',
  'Polyexponential',
  'SGM Uniform',
  'KL Optimal',
  'Align Your Steps',
]

export interface SplitSampler {
  readonly sampler_name: string
  readonly scheduler: string
}

/** Splits a combined name: "DPM++ 2M Karras" is the sampler "DPM++ 2M" with the scheduler "Karras".
 *  Undefined when the name holds no scheduler. */
export function splitSampler(name: string): SplitSampler | undefined {
  const scheduler = schedulers.find((one) => name.toLowerCase().endsWith(` ${one.toLowerCase()}`))
  return scheduler === undefined
    ? undefined
    : { sampler_name: name.slice(0, -scheduler.length - 1), scheduler }
}
