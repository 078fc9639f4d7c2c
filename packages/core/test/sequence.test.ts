import { Phase, phaseBetween, sequence, type SequenceEntry } from '@stagewright/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const phases = Object.values(Phase)

const entry = (
  name: string,
  phase = Phase.Upscale,
  parts: Partial<SequenceEntry> = {},
): SequenceEntry => ({
  name,
  phase,
  after: [],
  before: [],
  terminal: false,
  ...parts,
})

/** Random stages whose edges lead forward in some hidden order that agrees with the ranks: always solvable. */
const solvable = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 24 })
  .chain((parts) => {
    const sorted = parts.toSorted(([a], [b]) => a - b)
    return fc
      .array(fc.tuple(fc.nat(sorted.length - 1), fc.nat(sorted.length - 1), fc.boolean()), {
        maxLength: 30,
      })
      .map((edges) =>
        sorted.map(([rank, terminal], i): SequenceEntry => {
          const name = `s${String((i * 7) % 101).padStart(3, '0')}_${i}`
          const nameOf = (at: number) => `s${String((at * 7) % 101).padStart(3, '0')}_${at}`
          const mine = edges.filter(([a, b]) => a !== b)
          return {
            name,
            phase: phases[rank] as (typeof phases)[number],
            terminal,
            after: mine
              .filter(([a, b, forward]) => forward && Math.max(a, b) === i)
              .map(([a, b]) => nameOf(Math.min(a, b))),
            before: mine
              .filter(([a, b, forward]) => !forward && Math.min(a, b) === i)
              .map(([a, b]) => nameOf(Math.max(a, b))),
          }
        }),
      )
  })

describe('the order of stages', () => {
  test('has ranks that never fall, holds every edge, and does not depend on the order given', () => {
    fc.assert(
      fc.property(solvable, fc.infiniteStream(fc.nat(1000)), (entries, random) => {
        const ordered = sequence(entries)
        const at = new Map(ordered.map(({ name }, i) => [name, i]))
        const place = (name: string) => at.get(name) as number
        expect(ordered).toHaveLength(entries.length)
        for (const [i, one] of ordered.entries()) {
          if (i > 0)
            expect(one.phase.rank).toBeGreaterThanOrEqual(
              (ordered[i - 1] as SequenceEntry).phase.rank,
            )
          for (const name of one.after) expect(place(name)).toBeLessThan(i)
          for (const name of one.before) expect(place(name)).toBeGreaterThan(i)
        }
        const shuffled = entries
          .map((one) => [random.next().value, one] as const)
          .toSorted(([a], [b]) => a - b)
          .map(([, one]) => one)
        expect(sequence(shuffled).map(({ name }) => name)).toEqual(ordered.map(({ name }) => name))
      }),
      { numRuns: 300 },
    )
  })

  test('puts a terminal stage behind the others of its rank, and breaks ties by name', () => {
    const ordered = sequence([
      entry('adetailer', Phase.Detail, { terminal: true }),
      entry('zoom', Phase.Detail),
      entry('blur', Phase.Detail),
      entry('draw', Phase.Generate),
    ])
    expect(ordered.map(({ name }) => name)).toEqual(['draw', 'blur', 'zoom', 'adetailer'])
  })

  test('names the smallest cycle, however long the others are', () => {
    const ring = ['a', 'b', 'c', 'd'].map((name, i, all) =>
      entry(name, Phase.Upscale, { after: [all[(i + 3) % 4] as string] }),
    )
    const pair = [
      entry('x', Phase.Upscale, { after: ['y', 'a'] }),
      entry('y', Phase.Upscale, { after: ['x'] }),
    ]
    expect(() => sequence([...ring, ...pair])).toThrow(
      expect.objectContaining({
        code: 'SW_PLAN_CYCLE',
        details: { cycle: ['x', 'y'], constraints: ['y: after x', 'x: after y'] },
      }),
    )
    expect(() => sequence(ring)).toThrow(/a → b → c → d → a/)
  })

  test('refuses an edge against the ranks, and names both stages', () => {
    expect(() =>
      sequence([entry('late', Phase.Detail, { before: ['early'] }), entry('early', Phase.Refine)]),
    ).toThrow(
      expect.objectContaining({
        code: 'SW_PLAN_EDGE_AGAINST_RANK',
        message:
          '"late" is to run before "early" (late: before early), but its rank is higher (500 > 300)',
      }),
    )
  })

  test('refuses an unknown target with the nearest name, unless it is optional', () => {
    expect(() =>
      sequence([entry('a', Phase.Upscale, { after: ['upscal'] }), entry('upscale')]),
    ).toThrow(/Did you mean "upscale"\?/)
    expect(sequence([entry('a', Phase.Upscale, { after: ['gone?'] })])).toHaveLength(1)
  })

  test('refuses two stages of one name', () => {
    expect(() => sequence([entry('a'), entry('a')])).toThrow(
      expect.objectContaining({ code: 'SW_PLAN_DUPLICATE_STAGE' }),
    )
  })
})

describe('a slot between phases', () => {
  test('stands half-way between two neighbours', () => {
    expect(phaseBetween(Phase.Upscale, Phase.Detail, 'acme_sharpen').rank).toBe(450)
  })

  test('is refused where a named phase stands between, or in the wrong direction', () => {
    expect(() => phaseBetween(Phase.Refine, Phase.Detail, 'acme')).toThrow(
      /"Upscale" stands between/,
    )
    expect(() => phaseBetween(Phase.Detail, Phase.Upscale, 'acme')).toThrow(/not in order/)
  })

  test('can be divided again', () => {
    const sharpen = phaseBetween(Phase.Upscale, Phase.Detail, 'acme_sharpen')
    expect(phaseBetween(sharpen, Phase.Detail, 'acme_grain').rank).toBe(475)
  })
})
