import { runFileSchema } from '@stagewright/core'

import { stagesOf } from '../built-in.js'
import type { CliHost } from '../host.js'

/** `stagewright schema`: the JSON Schema of run files, so that editors complete and check them. */
export async function schemaCommand(host: CliHost): Promise<void> {
  host.stdout.write(`${JSON.stringify(runFileSchema(await stagesOf(host)), null, 2)}\n`)
}
