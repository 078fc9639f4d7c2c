import { lineHeight } from './bitmap-font.js'
import type { Colour } from './canvas.js'

/** What contact sheets and grids look like. Lengths are pixels. */
export const paper: Colour = [27, 28, 31]
export const panel: Colour = [40, 42, 46]
export const ink: Colour = [236, 233, 226]
export const dim: Colour = [160, 158, 152]
export const accent: Colour = [232, 170, 84]

export const margin = 28
/** Of letters. */
export const scale = 2
/** From one line of text to the next. */
export const line = lineHeight * scale + 5
