// Timing: medians, interleaved comparison, and how time grows with size.

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Milliseconds that `work` takes. */
export async function timed(work) {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Median milliseconds of several functions, called in turn so that a busy machine slows all of them alike. */
export async function interleaved(works, { samples, warmUp }) {
  const names = Object.keys(works)
  const times = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < warmUp + samples; round++) {
    const order = round % 2 === 0 ? names : names.toReversed()
    for (const name of order) {
      const ms = await timed(works[name])
      if (round >= warmUp) times[name].push(ms)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]))
}

/** The exponent k of time ~ size^k, by least squares over the logarithms. */
export function growthExponent(points) {
  const logs = points.map(({ size, ms }) => [Math.log(size), Math.log(ms)])
  const mean = (at) => logs.reduce((sum, one) => sum + one[at], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const over = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return over / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}
