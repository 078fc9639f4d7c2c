import type { CallContext, StageImage } from '@stagewright/core'

/** The stages that a picture has gone through after this call, for its infotext. */
export function stagesOf(
  { stage, label, contributions }: CallContext,
  source: StageImage | undefined,
): string {
  const merged = contributions.flatMap((one) =>
    'stage' in one && typeof one.stage === 'string' && one.stage !== stage ? [one.stage] : [],
  )
  const here = label === undefined ? stage : `${stage} (${label})`
  const before = (source?.lineage ?? []).map((one) => one.replace(/:(.*)$/, ' ($1)'))
  return [...before, here, ...new Set(merged)].join(' > ')
}
