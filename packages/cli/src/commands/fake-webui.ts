import { resolve } from 'node:path'

import type { FakeWebui, FakeWebuiOptions } from '@stagewright/fake-webui'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { isThere, readRunFile } from '../run-file/read.js'

export interface FakeOptions {
  readonly dialect?: FakeWebuiOptions['dialect']
  readonly port?: number
  readonly config?: string
  readonly tinyPictures?: true
  readonly strict?: true
  readonly auth?: string
  readonly json?: true
}

/** `stagewright fake-webui`: a server that answers like a WebUI, until it is told to end.
 *  @throws {PipelineError} SW_CLI_PORT_UNUSABLE, SW_CLI_FAKE_CONFIG, SW_CLI_CONFIG_NOT_FOUND */
export async function fakeWebuiCommand(options: FakeOptions, host: CliHost): Promise<void> {
  const fake = await start(options, host)
  try {
    if (options.json === true)
      printJson({ type: 'fake-webui-started', url: fake.url, dialect: fake.dialect }, host)
    else host.stdout.write(`${fake.url}\n`)
    await ended(host.signal)
  } finally {
    await fake.close()
  }
}

async function start(options: FakeOptions, host: CliHost): Promise<FakeWebui> {
  const { startFakeWebui } = await import('@stagewright/fake-webui')
  const { dialect, port, auth } = options
  const fromFile = await readFakeConfig(options, host)
  try {
    return await startFakeWebui({
      ...fromFile,
      ...(port === undefined ? {} : { port }),
      ...(dialect === undefined ? {} : { dialect }),
      ...(auth === undefined ? {} : { auth }),
      ...(options.tinyPictures === true ? { tinyPictures: true } : {}),
      ...(options.strict === true ? { strict: true } : {}),
    })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error
    throw errors.SW_CLI_PORT_UNUSABLE(
      { port: port ?? fromFile.port ?? 0, reason: message },
      { cause: error },
    )
  }
}

/** What the file says, as options of the server; it need not name a dialect. */
async function readFakeConfig(
  { config: file, dialect = 'forge' }: FakeOptions,
  { cwd }: CliHost,
): Promise<FakeWebuiOptions> {
  const { parseFakeConfig } = await import('@stagewright/fake-webui')
  if (file === undefined) return { dialect }
  if (!(await isThere(resolve(cwd, file)))) throw errors.SW_CLI_CONFIG_NOT_FOUND({ file })
  const { config, shown } = await readRunFile(file, cwd)
  try {
    const isMap = typeof config === 'object' && config !== null && !Array.isArray(config)
    return parseFakeConfig(isMap ? { dialect, ...config } : config)
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    throw errors.SW_CLI_FAKE_CONFIG({ place: shown, problem }, { cause: error })
  }
}

function ended(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((end) => {
    if (signal?.aborted === true) end()
    else signal?.addEventListener('abort', () => end(), { once: true })
  })
}
