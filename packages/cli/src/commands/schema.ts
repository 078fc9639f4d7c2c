import { type JsonSchema, runFileSchema } from '@stagewright/core'

import { stagesOf } from '../built-in.js'
import type { CliHost } from '../host.js'
import type { BackendOptions } from '../servers/choose-backend.js'

/** `stagewright schema`: the JSON Schema of run files, so that editors complete and check them; with `--backend` the
 *  names that this backend has are in it.
 *  @throws {PipelineError} when the backend cannot be asked */
export async function schemaCommand(options: BackendOptions, host: CliHost): Promise<void> {
  const stages = await stagesOf(host)
  const schema = runFileSchema(stages)
  const named = options.backend === undefined ? schema : await namesIn(schema, options, host)
  const { sweepSchema } = await import('@stagewright/scheduler')
  const properties = { ...named.properties, sweep: sweepSchema(stages) }
  host.stdout.write(`${JSON.stringify({ ...named, properties }, null, 2)}\n`)
}

async function namesIn(
  schema: JsonSchema,
  options: BackendOptions,
  host: CliHost,
): Promise<JsonSchema> {
  const { chooseBackend } = await import('../servers/choose-backend.js')
  const { withServerNames } = await import('../servers/schema-names.js')
  const { backend } = await chooseBackend(options, host)
  try {
    return withServerNames(schema, await backend.describe(host.signal))
  } finally {
    await backend[Symbol.asyncDispose]()
  }
}
