import type { Stage } from '@stagewright/core'

/** The example plugins: scripts/packing/downstream.mjs puts here what it installs beside our packages. */
export const plugins: readonly Stage[] = []
