import type { Route } from '../http/route.js'
import type { Job } from '../jobs/job.js'
import type { Picture } from '../pictures/picture.js'
import type { World } from '../world.js'

export interface ScriptArg {
  readonly label: string | null
  readonly value: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly step?: number
  readonly choices?: readonly string[]
}

/** What extends txt2img and img2img; always on, or chosen by `script_name`. */
export interface Script {
  readonly title: string
  readonly alwayson: boolean
  readonly tabs: readonly ('txt2img' | 'img2img')[]
  /** The page's arguments with their defaults: what a request does not give is filled up from them. */
  args(world: World): readonly ScriptArg[]
  readonly routes?: readonly Route[]
  /** Before the job's sizes and steps are settled; may change the job. */
  prepare?(args: readonly unknown[], job: Job): Promise<void> | void
  /** On each finished picture. */
  image?(picture: Picture, index: number, args: readonly unknown[], job: Job): Promise<Picture>
  /** Pictures that come after all others. */
  extra?(args: readonly unknown[], job: Job): Promise<readonly Picture[]>
  /** In place of the whole generation; for a script that was chosen. */
  run?(args: readonly unknown[], job: Job): Promise<readonly Picture[]>
}
