import type { DialectName } from './data/dialects.js'
import type { Fault } from './faults/fault.js'
import type { CheckpointInit } from './jobs/checkpoints.js'
import type { Clock } from './jobs/clock.js'
import type { Script } from './scripts/script.js'

export interface FakeWebuiOptions {
  readonly dialect: DialectName
  /** Default 0: any free one. */
  readonly port?: number | undefined
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** `user:password[,user:password]`, as `--api-auth` takes it. */
  readonly auth?: string | undefined
  /** Default true; false answers as a server that was started without `--api`. */
  readonly apiEnabled?: boolean | undefined
  /** Whether the page runs too; false is `--nowebui`: no `/internal/*`. Default true. */
  readonly ui?: boolean | undefined
  /** Whether ADetailer is installed (A1111, Forge, reForge); `switched_on`: its page has it on, for every job that does
   *  not say otherwise. Default true. */
  readonly adetailer?: boolean | 'switched_on' | undefined
  /** Whether ControlNet is installed (A1111, Forge, reForge). Default true. */
  readonly controlnet?: boolean | undefined
  /** The option `samples_format`. */
  readonly samplesFormat?: string | undefined
  /** More options of the server. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined
  /** Checkpoint files; the first one is current. */
  readonly models?: readonly (string | CheckpointInit)[] | undefined
  /** LoRA names without extension. */
  readonly loras?: readonly string[] | undefined
  readonly detectors?: readonly string[] | undefined
  readonly latency?: LatencyOptions | undefined
  readonly faults?: readonly Fault[] | undefined
  /** Answers 500 to a request of which something would be ignored. Default false. */
  readonly strict?: boolean | undefined
  /** Draws at 64 pixels and enlarges. Default false. */
  readonly tinyPictures?: boolean | undefined
  readonly extensions?: readonly Script[] | undefined
  /** More megapixels (width × height × batch) than this are out of memory. Default: no limit. */
  readonly vramMegapixels?: number | undefined
  /** sd-server: what sides are raised to, as its model has it. Default 64, that of a UNet; others have 8, 16 or 32. */
  readonly sizeMultiple?: number | undefined
  /** SD.Next: points a minute for each path, five for a generation; the real default is 300. Default: no limit, since a
   *  fake is faster than any GPU. */
  readonly rateLimit?: number | undefined
  /** Where time comes from; `manualClock()` lets a test command it. */
  readonly clock?: Clock | undefined
}

/** In seconds, multiplied by `scale`. */
export interface LatencyOptions {
  /** Per checkpoint load. Default 5. */
  readonly modelLoad?: number | undefined
  /** Per sampling step and megapixel. Default 0.1. */
  readonly step?: number | undefined
  /** Per megapixel of a finished picture: decoding, enlarging. Default 0.5. */
  readonly megapixel?: number | undefined
  /** Default 0: everything is immediate. */
  readonly scale?: number | undefined
}
