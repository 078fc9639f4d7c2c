/** Moves a stage: `placement: { adetailer: { before: ["upscale"] } }`. The stage takes the rank of the stages it is put
 *  beside; where it is terminal, the stages named may run after it. */
export interface Placement {
  readonly before?: readonly string[] | undefined
  readonly after?: readonly string[] | undefined
  /** Lifts the rule that nothing may follow a terminal stage. */
  readonly terminal?: false | undefined
}

export type Placements = Readonly<Record<string, Placement>>
