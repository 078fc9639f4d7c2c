import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Dispatcher } from '../../src/pool/dispatcher.js'
import type { Placement } from '../../src/pool/job.js'
import {
  choose,
  fairness,
  missing,
  payBack,
  paysBack,
  type PolicyState,
} from '../../src/pool/policy.js'

const job = 5000
const load = 10_000

interface Given {
  readonly model: number
  readonly owner: number
  readonly at: number
  /** Which of the servers can do it. */
  readonly able: readonly number[]
}

interface Done extends Given {
  readonly id: number
  readonly server: string
  readonly from: number
  readonly until: number
  readonly loads: number
}

/** Runs jobs through the dispatcher on a virtual clock: what ran where, and when. */
function played(jobs: readonly Given[], servers: number, loaded: readonly string[] = []): Done[] {
  let now = 0
  const events: { at: number; act: () => void }[] = []
  const dispatcher = new Dispatcher({ now: () => now }, { job, load })
  for (let i = 0; i < servers; i++) dispatcher.up(`s${i}`, loaded)
  const done: Done[] = []
  for (const [id, given] of jobs.entries())
    events.push({
      at: given.at,
      act: () =>
        dispatcher.submit(
          {
            owner: `o${given.owner}`,
            models: [`m${given.model}`],
            able: new Set(given.able.map((one) => `s${one}`)),
            kind: 'txt2img',
          },
          (placement: Placement) => {
            const until = now + job + placement.loads.length * load
            const { server, loads } = placement
            done.push({ ...given, id, server, from: now, until, loads: loads.length })
            events.push({
              at: until,
              act: () => dispatcher.end(placement, { typical: true }),
            })
          },
        ),
    })
  while (events.length > 0) {
    events.sort((a, b) => a.at - b.at)
    const next = events.shift()
    now = next?.at ?? now
    next?.act()
  }
  return done
}

const someJobs = (servers: number) =>
  fc.array(
    fc.record({
      model: fc.integer({ min: 0, max: 4 }),
      owner: fc.integer({ min: 0, max: 2 }),
      at: fc.integer({ min: 0, max: 120_000 }),
      able: fc.uniqueArray(fc.integer({ min: 0, max: servers - 1 }), { minLength: 1 }),
    }),
    { maxLength: 80 },
  )

describe('the order of a pool', () => {
  it('loses no job, starts none twice, and never gives a server two at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }).chain((n) => fc.tuple(fc.constant(n), someJobs(n))),
        ([servers, jobs]) => {
          const done = played(jobs, servers)
          expect(done.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([...jobs.keys()])
          for (const { able, server } of done) expect(able.map((i) => `s${i}`)).toContain(server)
          for (let i = 0; i < servers; i++) {
            const mine = done.filter(({ server }) => server === `s${i}`)
            for (const [at, one] of mine.entries())
              if (at > 0) expect(one.from).toBeGreaterThanOrEqual(mine[at - 1]?.until as number)
          }
        },
      ),
      { seed: 11, numRuns: 150 },
    )
  })

  it('leaves no server idle while something waits that only it can do', () => {
    fc.assert(
      fc.property(someJobs(3), (jobs) => {
        const own = jobs.map((one) => ({ ...one, able: one.able.slice(0, 1) }))
        const done = played(own, 3)
        for (const one of done) {
          const before = done.filter(({ server, from }) => server === one.server && from < one.from)
          const free = Math.max(one.at, ...before.map(({ until }) => until))
          expect(one.from).toBe(free)
        }
      }),
      { seed: 12, numRuns: 100 },
    )
  })

  it('prefers a job whose model is there, for one owner whose jobs came together', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 40 }),
        (models) => {
          const done = played(
            models.map((model) => ({ model, owner: 0, at: 0, able: [0] })),
            1,
          )
          // Once each.
          expect(done.reduce((sum, { loads }) => sum + loads, 0)).toBe(new Set(models).size)
        },
      ),
      { seed: 13, numRuns: 100 },
    )
  })

  it('is fair between owners in server time: one gets ahead by so many loads, and no more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 60 }), fc.integer({ min: 2, max: 3 }), (n, owners) => {
        // Each owner has a model of their own, and all of them plenty to do.
        const jobs = Array.from({ length: n * owners }, (_, i) => ({
          model: i % owners,
          owner: i % owners,
          at: 0,
          able: [0],
        }))
        const done = played(jobs, 1)
        const given = new Map<number, number>()
        const left = new Map(Array.from({ length: owners }, (_, i) => [i, n]))
        for (const { owner, from, until } of done) {
          given.set(owner, (given.get(owner) ?? 0) + until - from)
          left.set(owner, (left.get(owner) ?? 0) - 1)
          if ([...left.values()].includes(0)) break
          const all = [...left.keys()].map((one) => given.get(one) ?? 0)
          // The lag that is allowed, the job that crosses it, and its load.
          expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(
            fairness * load + job + load,
          )
        }
      }),
      { seed: 14, numRuns: 40 },
    )
  })

  it('keeps to the server that made the last one, of several that have the model', () => {
    const jobs = Array.from({ length: 6 }, (_, i) => ({
      model: 0,
      owner: 0,
      at: i * 4 * load,
      able: [0, 1, 2],
    }))
    expect(new Set(played(jobs, 3, ['m0']).map(({ server }) => server)).size).toBe(1)
  })

  it('does not let later work overtake a job for ever, however steadily it comes', () => {
    // Model 0 keeps a server busy without a gap; a job of model 1 came early.
    const stream = Array.from({ length: 60 }, (_, i) => ({
      model: 0,
      owner: 0,
      at: i * job,
      able: [0],
    }))
    const done = played([...stream, { model: 1, owner: 0, at: 1, able: [0] }], 1)
    const other = done.find(({ model }) => model === 1)
    expect(other?.from).toBeLessThan(60 * job)
  })
})

describe('a second copy of a model', () => {
  const state = (waiting: number, freeIn: number): PolicyState => ({
    servers: [
      { id: 'has', loaded: ['m'], free: false, freeIn, used: 1 },
      { id: 'free', loaded: ['other'], free: true, freeIn: 0, used: 0 },
    ],
    groups: [
      {
        key: 'g',
        owner: '',
        models: ['m'],
        able: new Set(['has', 'free']),
        count: waiting,
        each: job,
        since: 0,
        overtaken: 0,
      },
    ],
    backlog: [],
    load: () => load,
    charged: () => 0,
  })

  it('is loaded exactly when the last job would otherwise wait longer than the load and its margin', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 60_000 }),
        (waiting, freeIn) => {
          const lastStarts = freeIn + (waiting - 1) * job
          const pays = lastStarts > load * (1 + payBack)
          expect(paysBack({ each: job }, [{ freeIn }], waiting * job, load)).toBe(pays)
          expect(choose(state(waiting, freeIn))?.server).toBe(pays ? 'free' : undefined)
        },
      ),
      { seed: 15 },
    )
  })

  it('counts work that is still to come', () => {
    const few = state(1, 0)
    expect(choose(few)).toBeUndefined()
    const backlog = [{ models: ['m'], count: 100, each: job }]
    expect(choose({ ...few, backlog })?.loads).toEqual(['m'])
  })

  it('comes after a model that nobody has', () => {
    const { groups, ...rest } = state(50, 0)
    const cold = { ...groups[0]!, key: 'cold', models: ['cold'], count: 1 }
    expect(choose({ ...rest, groups: [...groups, cold] })?.group).toBe('cold')
  })
})

describe('what was seen', () => {
  it('tells jobs and loads apart, also where a load was not foreseen', () => {
    let now = 0
    const dispatcher = new Dispatcher({ now: () => now }, { job, load })
    dispatcher.up('s', ['m'])
    const spec = { owner: '', models: ['m'], able: new Set(['s']), kind: 'txt2img' }
    dispatcher.submit(spec, (placement) => {
      expect(placement.loads).toEqual([])
      now += 320
      dispatcher.end(placement, { loading: 300, typical: true })
    })
    const { estimates } = dispatcher
    expect([estimates.job('txt2img', ['m']), estimates.load('s')]).toEqual([20, 300])
  })
})

describe('what is missing on a server', () => {
  it('is every checkpoint that it has not loaded', () => {
    expect(missing(['base', 'refiner'], { loaded: ['base'] })).toEqual(['refiner'])
  })
})
