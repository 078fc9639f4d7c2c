// A discrete-event simulation: the pool's own dispatcher on a virtual clock, beside other ways to queue, on the same jobs.

// Not part of the package's entry: users give it servers, the bench gives it a clock.
const built = new URL('../packages/scheduler/dist/pool/dispatcher.js', import.meta.url)
const { Dispatcher } = await import(built.href)

/** Seconds. `rate` is arrivals a second; without it all jobs are there at once. */
export const scenarios = {
  'burst: 200 jobs, 4 models, 2 servers, load 10 s, job 5 s': {
    jobs: 200,
    models: 4,
    servers: 2,
    load: 10,
    job: 5,
  },
  'burst: 300 jobs, 12 models, 4 servers, load 15 s, job 8 s': {
    jobs: 300,
    models: 12,
    servers: 4,
    load: 15,
    job: 8,
  },
  'steady: 600 jobs at 0.45/s, 8 models, 4 servers, load 20 s, job 6 s': {
    jobs: 600,
    models: 8,
    servers: 4,
    load: 20,
    job: 6,
    rate: 0.45,
  },
}

/** How jobs are queued. Each is told what arrives and which server is free, and starts jobs. */
export const disciplines = { FIFO: fifo, 'warm, 1.5 s pressure': pressure, ours }

/** The jobs of a scenario: model by Zipf's law with exponent 0.8, arrivals by a Poisson process. */
export function jobsOf({ jobs, models, rate }, seed) {
  const random = generator(seed)
  const weights = Array.from({ length: models }, (_, i) => 1 / (i + 1) ** 0.8)
  const total = weights.reduce((a, b) => a + b)
  let at = 0
  return Array.from({ length: jobs }, (_, id) => {
    let left = random() * total
    const model = weights.findIndex((weight) => (left -= weight) < 0)
    if (rate !== undefined) at += -Math.log(1 - random()) / rate
    return { id, model: `model ${model < 0 ? models - 1 : model}`, at }
  })
}

/** Runs the jobs. A job's wait ends when its own work begins, its load done.
 *  @returns makespan, p95 wait and most wait in seconds, loads, and the jobs in the order in which they were done */
export function simulate(scenario, jobs, discipline) {
  const events = new Events()
  const waits = []
  const done = []
  let loads = 0
  const world = {
    scenario,
    now: () => events.now,
    after: (seconds, act) => events.add(events.now + seconds, act),
    /** Puts a job on a server, which loads its model first where it is not the one `loaded`. */
    work: (job, cold, over) => {
      if (cold) loads += 1
      const seconds = scenario.job + (cold ? scenario.load : 0)
      waits.push(events.now + seconds - scenario.job - job.at)
      events.add(events.now + seconds, () => {
        done.push(job)
        over()
      })
    },
    load: (over) => {
      loads += 1
      events.add(events.now + scenario.load, over)
    },
  }
  const { arrive, settle } = discipline(world)
  for (const job of jobs) events.add(job.at, () => arrive(job))
  while (events.next()) settle?.()
  if (done.length !== jobs.length || new Set(done).size !== jobs.length)
    throw new Error(`${jobs.length} jobs, ${done.length} done`)
  const sorted = waits.toSorted((a, b) => a - b)
  return {
    makespan: events.last,
    loads,
    p95: sorted[Math.ceil(sorted.length * 0.95) - 1],
    most: sorted.at(-1),
  }
}

/** What no order can beat: every model once, all servers busy to the end; the last arrival and its job. For waits:
 *  the same jobs with no load at all, first come first served. */
export function bound(scenario, jobs) {
  const { servers, load, job } = scenario
  const models = new Set(jobs.map((one) => one.model)).size
  const work = (jobs.length * job + models * load) / servers
  const free = simulate({ ...scenario, load: 0 }, jobs, fifo)
  return {
    makespan: Math.max(work, jobs.at(-1).at + job),
    loads: models,
    p95: free.p95,
  }
}

/** The pool's own code. */
function ours({ scenario, now, work }) {
  const clock = { now: () => now() * 1000 }
  const dispatcher = new Dispatcher(clock, {
    job: scenario.job * 1000,
    load: scenario.load * 1000,
  })
  const ids = new Set(Array.from({ length: scenario.servers }, (_, i) => `server ${i}`))
  for (const id of ids) dispatcher.up(id, [])
  return {
    arrive: (job) =>
      dispatcher.submit(
        { owner: 'one', models: [job.model], able: ids, kind: 'txt2img' },
        (placement) =>
          work(job, placement.loads.length > 0, () => dispatcher.end(placement, { typical: true })),
      ),
  }
}

/** First come, first served; where several servers are free, the one that has the model. */
function fifo({ scenario, work }) {
  const queue = []
  const servers = Array.from({ length: scenario.servers }, () => ({ busy: false, loaded: '' }))
  const settle = () => {
    for (;;) {
      const free = servers.filter(({ busy }) => !busy)
      const job = queue[0]
      if (job === undefined || free.length === 0) return
      queue.shift()
      const server = free.find(({ loaded }) => loaded === job.model) ?? free[0]
      const cold = server.loaded !== job.model
      Object.assign(server, { busy: true, loaded: job.model })
      work(job, cold, () => (server.busy = false))
    }
  }
  return { arrive: (job) => queue.push(job), settle }
}

/** Warm first; a model is loaded when one server is free, or its first request has waited 1.5 s: the one with the highest
 *  pressure (10 a request, 1 a second), on the server released longest ago; a model that is being loaded is not loaded
 *  twice at once. Looked at on every change and every second. @source SwarmUI, BackendHandler */
function pressure({ scenario, now, after, work, load }) {
  const queue = []
  const loading = new Set()
  const servers = Array.from({ length: scenario.servers }, () => ({
    busy: false,
    loaded: '',
    released: 0,
  }))
  let awake = false
  const release = (server) => Object.assign(server, { busy: false, released: now() })
  const settle = () => {
    while (step());
    if (awake || queue.length === 0 || servers.every(({ busy }) => busy)) return
    awake = true
    after(1, () => (awake = false))
  }
  const step = () => {
    const free = servers.filter(({ busy }) => !busy)
    for (const [at, job] of queue.entries()) {
      const server = free.find(({ loaded }) => loaded === job.model)
      if (server === undefined) continue
      queue.splice(at, 1)
      server.busy = true
      work(job, false, () => release(server))
      return true
    }
    const pressures = new Map()
    for (const { model, at } of queue) {
      if (loading.has(model)) continue
      const known = pressures.get(model) ?? { model, count: 0, first: at }
      known.count += 1
      pressures.set(model, known)
    }
    const heat = ({ count, first }) => count * 10 + (now() - first)
    const hottest = [...pressures.values()].toSorted((a, b) => heat(b) - heat(a))[0]
    if (hottest === undefined || free.length === 0) return false
    if (free.length > 1 && now() - hottest.first <= 1.5) return false
    const server = free.toSorted((a, b) => a.released - b.released)[0]
    server.busy = true
    loading.add(hottest.model)
    load(() => {
      loading.delete(hottest.model)
      server.loaded = hottest.model
      release(server)
    })
    return true
  }
  return { arrive: (job) => queue.push(job), settle }
}

/** What happens, in order of time; what was added first is first. */
class Events {
  now = 0
  last = 0
  #heap = []
  #added = 0

  add(at, act) {
    const heap = this.#heap
    heap.push({ at, nr: this.#added++, act })
    let i = heap.length - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!earlier(heap[i], heap[parent])) break
      ;[heap[i], heap[parent]] = [heap[parent], heap[i]]
      i = parent
    }
  }

  /** Lets everything of the next moment happen. @returns whether there was anything */
  next() {
    if (this.#heap.length === 0) return false
    this.now = this.#heap[0].at
    while (this.#heap.length > 0 && this.#heap[0].at <= this.now) this.#pop().act()
    this.last = this.now
    return true
  }

  #pop() {
    const heap = this.#heap
    const first = heap[0]
    const end = heap.pop()
    if (heap.length === 0) return first
    heap[0] = end
    for (let i = 0; ;) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && earlier(heap[child], heap[least])) least = child
      if (least === i) return first
      ;[heap[i], heap[least]] = [heap[least], heap[i]]
      i = least
    }
  }
}

function earlier(a, b) {
  return a.at < b.at || (a.at === b.at && a.nr < b.nr)
}

/** mulberry32. */
function generator(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
