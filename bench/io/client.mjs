// One way of fetching pictures into files or of sending them, measured in a process of its own: `node client.mjs <way> <size> <port>`
// prints { cpu, wall, rss, stall }: milliseconds a call, and MB.
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import process from 'node:process'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

import { median } from '../measure.mjs'
import { sizes } from './sizes.mjs'

const [way, size, port] = process.argv.slice(2)
const { pictures, bytes: pictureBytes, warmUp, calls } = sizes[size]
const origin = `http://127.0.0.1:${port}`
const download = `/download/${encodeURIComponent(size)}`
const pieceLength = 64 * 1024
/** What a client asks before its first generation: options, models, samplers, upscalers, scripts and their kin. */
const inventoryReads = 16
/** Milliseconds, far less than a server takes for a first picture. */
const firstGeneration = 250

const ways = {
  'download floor': downloadFloor,
  'download ours': downloadOurs,
  'download naive': downloadNaive,
  'upload ours': uploadOurs,
  'upload naive': uploadNaive,
}

const folder = mkdtempSync(join(tmpdir(), 'stagewright-io-'))
const fetched = await ways[way]()
const call = way.startsWith('download') ? async () => filed(await fetched()) : fetched
await setTimeout(firstGeneration)
for (let i = 0; i < warmUp; i++) check(await call())
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
const cpu = []
const wall = []
const stalls = []
for (let i = 0; i < calls; i++) {
  delay.reset()
  await setTimeout(10) // the first tick after a reset only starts the count
  const before = process.resourceUsage()
  const started = performance.now()
  const result = await call()
  wall.push(performance.now() - started)
  const after = process.resourceUsage()
  await setTimeout(10) // the stall is told at the tick after it
  stalls.push(delay.max / 1e6)
  cpu.push(
    (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / 1000,
  )
  check(result)
}
const rss = process.resourceUsage().maxRSS / 1024
const stall = median(stalls)
rmSync(folder, { recursive: true })
process.stdout.write(JSON.stringify({ cpu: median(cpu), wall: median(wall), rss, stall }))
process.exit()

async function filed(images) {
  for (const [i, bytes] of images.entries()) await writeFile(join(folder, `${i}.png`), bytes)
  return images.map(({ length }) => length)
}

function check(result) {
  if (!way.startsWith('download')) return
  if (result.length !== pictures || result.some((length) => length !== pictureBytes))
    throw new Error(`${way} gave ${result.join(', ')}`)
}

async function ours() {
  const { httpTransport } = await import('@stagewright/backend-webui')
  const transport = httpTransport({ baseUrl: origin })
  for (let i = 0; i < inventoryReads; i++) await transport.get('/inventory')
  return (path, body) =>
    transport.generate(path, body, {
      signal: new AbortController().signal,
      progress: 'none',
      interrupt: false,
      expectsLoad: false,
      onProgress: () => {},
      onError: (status) => new Error(String(status)),
    })
}

async function undici() {
  const require = createRequire(
    new URL('../../packages/backend-webui/package.json', import.meta.url),
  )
  const { Agent, request } = await import(pathToFileURL(require.resolve('undici')).href)
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
  for (let i = 0; i < inventoryReads; i++)
    await (await request(`${origin}/inventory`, { dispatcher })).body.json()
  const headers = { 'content-type': 'application/json' }
  return async (path, body) => {
    const answer = await request(origin + path, { method: 'POST', headers, body, dispatcher })
    return answer.body.json()
  }
}

async function downloadOurs() {
  const generate = await ours()
  return async () => (await generate(download, { prompt: 'a cat' })).images
}

async function downloadNaive() {
  const post = await undici()
  return async () =>
    (await post(download, JSON.stringify({ prompt: 'a cat' }))).images.map((text) =>
      Buffer.from(text, 'base64'),
    )
}

function given() {
  return Array.from({ length: pictures }, (_, i) => new Uint8Array(pictureBytes).fill(i + 1))
}

async function uploadOurs() {
  const generate = await ours()
  const init_images = given()
  return () => generate('/upload', { prompt: 'a cat', init_images })
}

async function uploadNaive() {
  const post = await undici()
  const images = given()
  return () => {
    const init_images = images.map((one) => Buffer.from(one).toString('base64'))
    return post('/upload', JSON.stringify({ prompt: 'a cat', init_images }))
  }
}

/** The least that Node can do: its own socket, one read buffer, one body buffer for ever, decoded in place. */
function downloadFloor() {
  const received = { body: Buffer.alloc(0), head: '', at: 0, length: -1, done: () => {} }
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    onread: {
      buffer: Buffer.allocUnsafeSlow(pieceLength),
      callback: (count, buffer) => {
        receive(received, buffer, count)
        return true
      },
    },
  })
  const text = JSON.stringify({ prompt: 'a cat' })
  const request = `POST ${download} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  return () =>
    new Promise((resolve) => {
      Object.assign(received, { head: '', at: 0, length: -1 })
      received.done = () => resolve(decodedInPlace(received.body, received.length))
      socket.write(request)
    })
}

function receive(received, buffer, count) {
  let start = 0
  if (received.length === -1) {
    received.head += buffer.latin1Slice(0, count)
    const end = received.head.indexOf('\r\n\r\n')
    if (end === -1) return
    received.length = Number(/content-length: (\d+)/i.exec(received.head)[1])
    start = count - (received.head.length - end - 4)
    if (received.body.length < received.length)
      received.body = Buffer.allocUnsafeSlow(received.length)
  }
  buffer.copy(received.body, received.at, start, count)
  received.at += count - start
  if (received.at === received.length) received.done()
}

function decodedInPlace(body, length) {
  const found = []
  let at = body.indexOf('"images":[') + '"images":['.length
  while (at < length && body[at] === 0x22) {
    const start = at + 1
    const end = body.indexOf(0x22, start)
    let written = start
    for (let from = start; from < end; from += pieceLength)
      written += body.base64Write(
        body.latin1Slice(from, Math.min(from + pieceLength, end)),
        written,
      )
    found.push(body.subarray(start, written))
    at = body[end + 1] === 0x2c ? end + 2 : length
  }
  return found
}
