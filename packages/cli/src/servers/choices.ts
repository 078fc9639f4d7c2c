/** What `--dialect` takes. */
export const dialectChoices = ['auto', 'a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const
export type DialectChoice = (typeof dialectChoices)[number]

/** Whether sizes can be rounded to it. */
export const isSizeMultiple = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value / 8) && value >= 8 && value <= 256

/** The longest limit: about as long as a timer can wait. */
export const mostSeconds = 2_000_000
