// The pool against other ways to queue: the real dispatcher on a virtual clock, ten seeds a scenario. Then the same code
// on four real servers in processes of their own, and servers killed at random under 500 jobs.
import { chaos, equalJobs, manyRuns } from './pool-real.mjs'
import { bound, disciplines, jobsOf, scenarios, simulate } from './pool-simulation.mjs'
import { table, target } from './table.mjs'

/** Other seeds than those the policy's constants were chosen on (1001–1020, 2001–2030). */
const seeds = Array.from({ length: 10 }, (_, i) => i + 1)
const measures = { makespan: 'makespan', loads: 'loads', p95: 'p95 wait' }

export async function benchPool() {
  const simulated = Object.entries(scenarios).map(([title, scenario]) =>
    inVirtualTime(title, scenario),
  )
  const real = { equal: await equalJobs(), many: await manyRuns(), chaos: await chaos() }
  const all = [...simulated, ...Object.values(real)]
  return {
    simulated: simulated.map(({ title, means }) => ({ title, means })),
    ...Object.fromEntries(Object.entries(real).map(([name, { measured }]) => [name, measured])),
    targets: all.flatMap(({ targets }) => targets),
    text: all.map(({ text }) => text).join('\n\n'),
  }
}

function inVirtualTime(title, scenario) {
  const means = Object.fromEntries(
    [
      ...Object.entries(disciplines).map(([name, discipline]) => [
        name,
        (jobs) => simulate(scenario, jobs, discipline),
      ]),
      ['bound', (jobs) => bound(scenario, jobs)],
    ].map(([name, run]) => [name, meanOf(seeds.map((seed) => run(jobsOf(scenario, seed))))]),
  )
  const { ours, bound: least, ...others } = means
  const of = (value, measure) => `${value[measure].toFixed(1)}${measure === 'loads' ? '' : ' s'}`
  const above = (measure) => `+${((ours[measure] / least[measure] - 1) * 100).toFixed(1)} %`
  const short = title.split(':')[0] + `, ${scenario.servers} servers`
  return {
    title,
    means,
    targets: Object.entries(measures).map(([measure, name]) =>
      target(
        `${short}: ${name} beside the best other`,
        ours[measure] / Math.min(...Object.values(others).map((one) => one[measure])),
        1,
        '',
      ),
    ),
    text: table(
      `${title} (Zipf 0.8, means of ${seeds.length} seeds)`,
      ['', ...Object.values(measures)],
      [
        ...Object.entries(others).map(([name, one]) => row(name, one, of)),
        row('ours', ours, of),
        row('bound (waits: were there no loads)', least, of),
        ['ours above the bound', ...Object.keys(measures).map(above)],
      ],
    ),
  }
}

function row(name, means, of) {
  return [name, ...Object.keys(measures).map((measure) => of(means, measure))]
}

function meanOf(results) {
  const mean = (measure) => results.reduce((sum, one) => sum + one[measure], 0) / results.length
  return Object.fromEntries(Object.keys(measures).map((measure) => [measure, mean(measure)]))
}
