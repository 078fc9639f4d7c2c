// A server for the I/O bench, in a process of its own: pictures in one pre-encoded answer, and a drain for uploads.
// Prints its port, and ends with its parent.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import process from 'node:process'

import { sizes } from './sizes.mjs'

const answers = new Map(
  Object.entries(sizes).map(([name, { pictures, bytes }]) => [
    `/download/${name}`,
    encoded(pictures, bytes),
  ]),
)
const empty = Buffer.from('{"images":[],"parameters":{},"info":"{}"}')

const server = createServer((request, response) => {
  const body = answers.get(request.url ?? '') ?? empty
  request.resume()
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`)
})
process.on('disconnect', () => process.exit())

function encoded(pictures, bytes) {
  const images = Array.from({ length: pictures }, () => randomBytes(bytes).toString('base64'))
  const info = JSON.stringify({ seed: 1, infotexts: images.map(() => 'a cat\nSteps: 20, Seed: 1') })
  return Buffer.from(JSON.stringify({ images, parameters: { prompt: 'a cat', steps: 20 }, info }))
}
