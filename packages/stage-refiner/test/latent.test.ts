import { describe, expect, test } from 'vitest'

import { isLatent } from '../src/latent.js'

describe('latent modes', () => {
  test.each(['Latent', 'Latent (bicubic antialiased)', 'Latent (nearest-exact)'])(
    '%s is one',
    (name) => expect(isLatent(name)).toBe(true),
  )

  test.each(['R-ESRGAN 4x+', 'None', 'LatentUpscaleModel'])('%s is none', (name) =>
    expect(isLatent(name)).toBe(false),
  )
})
