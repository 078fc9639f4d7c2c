/** What `--dialect` takes. */
export const dialectChoices = ['auto', 'a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const
export type DialectChoice = (typeof dialectChoices)[number]

/** The longest limit: about as long as a timer can wait. */
export const mostSeconds = 2_000_000
