import type { Canvas, Place } from './canvas.js'
import { noiseTable, sample } from './noise.js'
import { scaled } from './palette.js'
import type { Scene } from './scene.js'

/** Paints sky, light and clouds down to the horizon. */
export function drawSky(canvas: Canvas, scene: Scene): void {
  const { palette, horizon, sun, hour, chance } = scene
  const { width, height, data } = canvas
  const table = noiseTable(2)
  const [ox, oy] = [chance.between('cloud x', 0, 256), chance.between('cloud y', 0, 256)]
  const cover =
    hour === 'overcast' ? 0.42 : hour === 'night' ? -0.02 : chance.between('cloudiness', -0.06, 0.2)
  const glow = hour === 'overcast' ? 0.18 : 0.55
  const rows = Math.min(height, Math.ceil((horizon + 0.02) * height))
  const [zr, zg, zb] = palette.zenith
  const [hr, hg, hb] = palette.horizon
  const [cr, cg, cb] = palette.cloud
  const [kr, kg, kb] = palette.cloudShade
  const [sr, sg, sb] = palette.sun
  const step = 1 / height
  for (let y = 0; y < rows; y++) {
    const v = (y + 0.5) * step
    const f = Math.min(1, v / horizon)
    const t = f * f * (1.6 - 0.6 * f)
    const [r0, g0, b0] = [zr + (hr - zr) * t, zg + (hg - zg) * t, zb + (hb - zb) * t]
    // Clouds lie in layers: flatter and closer together towards the horizon.
    const far = 1 / (1.12 - f)
    const [sx, vy] = [44 * Math.min(far, 5), oy + 110 * far]
    const dy2 = (v - sun[1]) * (v - sun[1])
    const fade = 1 - f * f * 0.55
    let out = y * width * 3
    for (let x = 0; x < width; x++, out += 3) {
      const u = (x + 0.5) * step
      const du = u - sun[0]
      const light = glow / (1 + (du * du + dy2) * 26)
      const n =
        sample(table, ox + (u - 0.4) * sx, vy) +
        cover +
        0.35 * sample(table, ox + u * sx * 2.7, vy * 2.1)
      let r = r0 + (sr - r0) * light
      let g = g0 + (sg - g0) * light
      let b = b0 + (sb - b0) * light
      if (n > 0) {
        const c = (n > 0.5 ? 1 : n * 2) * fade
        const s = n > 0.8 ? 0.95 : n * 1.18
        const lit = 1 - s + light * 0.5
        r += (kr + (cr - kr) * lit - r) * c
        g += (kg + (cg - kg) * lit - g) * c
        b += (kb + (cb - kb) * lit - b) * c
      }
      data[out] = r
      data[out + 1] = g
      data[out + 2] = b
    }
  }
  lights(canvas, scene)
}

function lights(canvas: Canvas, scene: Scene): void {
  const { palette, sun, hour, chance } = scene
  const place = stage(canvas)
  if (hour === 'overcast') return
  if (hour === 'night' || hour === 'lamplight')
    for (let i = 0; i < 60; i++) {
      const size = chance.between(`star ${i}`, 0.0008, 0.002)
      canvas.ellipse(
        place,
        chance.at(`star x ${i}`) * scene.aspect,
        chance.at(`star y ${i}`) * scene.horizon * 0.9,
        size,
        size,
        { color: palette.sun, alpha: 0.75 },
      )
    }
  canvas.ellipse(place, sun[0], sun[1], 0.038, 0.038, { color: palette.sun, alpha: 0.95 })
  if (hour === 'night')
    canvas.ellipse(place, sun[0] - 0.012, sun[1] - 0.008, 0.009, 0.008, {
      color: scaled(palette.sun, 0.85),
      alpha: 0.7,
    })
}

/** The canvas in picture heights. */
export function stage(canvas: Canvas): Place {
  return { x: 0, y: 0, size: canvas.height }
}
