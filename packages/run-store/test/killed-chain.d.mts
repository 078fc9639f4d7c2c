import type { RunConfigInput, Stage } from '@stagewright/core'

export const chain: RunConfigInput<readonly Stage[]>
