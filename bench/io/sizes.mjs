/** PNGs of these sizes as measured: 1.55 MB at 1024², 6.11 MB at 2048². `calls` are timed, after `warmUp`, by
 *  which V8 has compiled what is hot. */
export const sizes = {
  '4x1024': { pictures: 4, bytes: 1_550_000, warmUp: 12, calls: 24 },
  '8x2048': { pictures: 8, bytes: 6_110_000, warmUp: 4, calls: 6 },
}
