import { appendFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

import { rate } from '@stagewright/run-store'

import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { openStore } from '../runs/open-store.js'
import { pictureNamed } from '../runs/picture-named.js'
import { pictureEntryJson } from './history.js'

interface RateOptions {
  readonly out: string
  readonly note?: string
  readonly json?: true
}

/** `stagewright rate <picture> <1-5>`: keeps what a picture is worth, in its run and in the learning records.
 *  @throws {PipelineError} SW_HISTORY_RATING_RANGE, SW_HISTORY_NO_SUCH_PICTURE, SW_STORE_RUN_LOCKED */
export async function rateCommand(
  named: string,
  stars: string,
  options: RateOptions,
  host: CliHost,
): Promise<void> {
  const store = openStore(options.out, host)
  const { history, objects } = store
  const { picture, learningLine, problem } = await rate(
    { history, objects, ...(host.now === undefined ? {} : { now: host.now }) },
    await pictureNamed(named, history, host.cwd),
    Number(stars),
    options.note,
  )
  if (learningLine !== undefined)
    await appendFile(join(store.root, 'learning_records.jsonl'), learningLine)
  if (problem !== undefined) host.stderr.write(`! ${problem}\n`)
  if (options.json === true) printJson(pictureEntryJson(picture), host)
  else
    host.stdout.write(
      `${relative(host.cwd, picture.file)} ${'★'.repeat(picture.rating ?? 0)} ${picture.note ?? ''}`.trimEnd() +
        '\n',
    )
}
