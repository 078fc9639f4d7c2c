import type { WebuiHandler, WebuiSlot } from '@stagewright/backend-webui'
import type { Backend, Stage } from '@stagewright/core'

/** Where text goes: `process.stdout` is one. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
}

export interface RegisteredStage {
  readonly stage: Stage
  /** The package it comes from. */
  readonly from: string
  /** Of that package. Default: that of the command. */
  readonly version?: string
}

/** What the command works with; a test or another program gives its own. */
export interface CliHost {
  readonly stdout: Output
  readonly stderr: Output
  /** The folder that paths on the command line are relative to. */
  readonly cwd: string
  /** Aborted to cancel a run. */
  readonly signal?: AbortSignal | undefined
  /** Where credentials of servers are read from: `process.env` for the command. Default: none. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The ports of this machine that `--backend auto` looks at. Default: the usual ones. */
  readonly ports?: readonly number[]
  /** Default: the five stages. */
  readonly stages?: () => Promise<readonly RegisteredStage[]>
  /** Default: `sketch`. */
  readonly backends?: Readonly<Record<string, () => Promise<Backend>>>
  /** How operations and slots of plugins are sent to a WebUI server. Default: there are none. */
  readonly webuiParts?: () => Promise<{
    readonly handlers: readonly WebuiHandler[]
    readonly slots: readonly WebuiSlot[]
  }>
  readonly now?: () => Date
}
