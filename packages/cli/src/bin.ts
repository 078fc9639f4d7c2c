import process from 'node:process'

import { runCli } from './main.js'
import { besideBlocks } from './progress/live-block.js'

// The reader of a pipe may leave early (`stagewright run … | head`): the pictures are still wanted.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

const stderr = besideBlocks(process.stderr)
const cancel = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (cancel.signal.aborted) process.exit(130)
    stderr.write('\nstopping; again to stop at once\n')
    cancel.abort()
  })

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr,
  cwd: process.cwd(),
  env: process.env,
  signal: cancel.signal,
})
