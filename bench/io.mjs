// Pictures over HTTP: what our transport costs beside a bare socket and beside body.json() with Buffer.from. Each
// variant runs in processes of its own, in turns. Needs the builds of core and backend-webui.
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

import { sizes } from './io/sizes.mjs'
import { median } from './measure.mjs'
import { ms, table, target, targetLines } from './table.mjs'

const rounds = 7
const ways = ['download floor', 'download ours', 'download naive', 'upload ours', 'upload naive']

export async function benchIo() {
  const server = fork(join(import.meta.dirname, 'io/server.mjs'), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  try {
    const [port] = await once(server.stdout, 'data')
    const rows = []
    for (const size of Object.keys(sizes)) rows.push(...(await measure(size, String(port).trim())))
    return { rows, targets: targets(rows), text: text(rows) }
  } finally {
    server.kill()
  }
}

/** Runs the bench alone: prints its table and writes bench/results/io.json. */
export async function run() {
  const { text: shown, ...measured } = await benchIo()
  process.stdout.write(`${[shown, ...targetLines(measured.targets)].join('\n')}\n`)
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const machine = { node: process.version, cores: availableParallelism(), load: loadavg()[0] }
  const record = { date: new Date().toISOString(), machine, ...measured }
  writeFileSync(join(folder, 'io.json'), `${JSON.stringify(record, null, 2)}\n`)
}

async function measure(size, port) {
  const samples = Object.fromEntries(ways.map((way) => [way, []]))
  for (let round = 0; round < rounds; round++)
    for (const way of round % 2 === 0 ? ways : ways.toReversed())
      samples[way].push(await sample(way, size, port))
  const middle = (way, field) => median(samples[way].map((one) => one[field]))
  const { pictures } = sizes[size]
  return ways.map((way) => ({
    way,
    size,
    cpu: middle(way, 'cpu') / pictures,
    wall: middle(way, 'wall') / pictures,
    rss: middle(way, 'rss'),
    stall: middle(way, 'stall'),
  }))
}

async function sample(way, size, port) {
  const client = spawn(
    process.execPath,
    [join(import.meta.dirname, 'io/client.mjs'), way, size, port],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const chunks = []
  client.stdout.on('data', (chunk) => chunks.push(chunk))
  const [code] = await once(client, 'close')
  if (code !== 0) throw new Error(`${way} ${size} ended with ${code}`)
  return JSON.parse(Buffer.concat(chunks).toString())
}

function targets(rows) {
  const of = (way, size) => rows.find((row) => row.way === way && row.size === size)
  const large = '8x2048'
  const ratios = (name, ours, other, most) =>
    Object.keys(sizes).map((size) =>
      target(`${name}, ${size}`, of(ours, size).cpu / of(other, size).cpu, most, ''),
    )
  return [
    ...ratios('download CPU beside naive', 'download ours', 'download naive', 0.75),
    ...ratios('download CPU beside the floor', 'download ours', 'download floor', 2.2),
    ...ratios('upload CPU beside naive', 'upload ours', 'upload naive', 0.3),
    target(
      `download peak memory beside naive, ${large}`,
      of('download ours', large).rss / of('download naive', large).rss,
      0.4,
      '',
    ),
    ...['download ours', 'upload ours'].map((way) =>
      target(`longest stall of a call, ${way}, ${large}`, of(way, large).stall, 25, 'ms'),
    ),
  ]
}

function text(rows) {
  return table(
    `io: pictures over HTTP on loopback (medians of ${rounds} processes, a picture)`,
    ['case', 'CPU ms', 'wall ms', 'peak MB', 'stall ms'],
    rows.map(({ way, size, cpu, wall, rss, stall }) => [
      `${way} ${size}`,
      ms(cpu),
      ms(wall),
      rss.toFixed(0),
      stall.toFixed(1),
    ]),
  )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await run()
