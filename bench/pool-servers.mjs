// Fake servers in processes of their own, started with the command line, killed for real.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'

const command = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'stagewright.js')

/** Starts so many servers, and gives them to `use`; whatever comes of it, no process is left.
 *  @param latency as the fake's config file has it */
export async function withServers(count, latency, use) {
  const folder = mkdtempSync(join(tmpdir(), 'stagewright-bench-pool-'))
  const config = join(folder, 'fake.yaml')
  writeFileSync(config, JSON.stringify({ latency }))
  const servers = Array.from({ length: count }, () => new ServerProcess(config))
  try {
    await Promise.all(servers.map((server) => server.start()))
    return await use(servers)
  } finally {
    await Promise.all(servers.map((server) => server.kill()))
    rmSync(folder, { recursive: true, force: true })
  }
}

class ServerProcess {
  url = ''
  #config
  #child
  #ready = false

  constructor(config) {
    this.#config = config
  }

  /** Whether it serves: one that is starting does not. */
  get running() {
    return this.#ready
  }

  /** On the same port as before. */
  async start() {
    const port = this.url === '' ? '0' : new URL(this.url).port
    const args = ['fake-webui', '--json', '--tiny-pictures', '--config', this.#config]
    const child = spawn(process.execPath, [command, ...args, '--port', port], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#child = child
    const lines = createInterface({ input: child.stdout })
    const [line] = await Promise.race([
      once(lines, 'line'),
      once(child, 'exit').then(() => {
        throw new Error('a fake server did not start')
      }),
    ])
    this.url = JSON.parse(line).url
    this.#ready = true
  }

  /** At once, with whatever it was at. */
  async kill() {
    const child = this.#child
    this.#child = undefined
    this.#ready = false
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
