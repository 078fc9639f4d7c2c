import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, relative, resolve } from 'node:path'

import type { RunResult } from '@stagewright/core'
import { readMetadata, type RecoveredField, recoverRunConfig } from '@stagewright/metadata'
import { safeName, writeWhole } from '@stagewright/run-store'
import sharp from 'sharp'
import { stringify } from 'yaml'

import { errors } from '../errors.js'
import type { CliHost } from '../host.js'
import { printJson } from '../report/print-json.js'
import { columnsText } from '../report/table.js'
import type { RunFile } from '../run-file/read.js'
import { type Grade, gradeOf } from '../runs/grade.js'
import { runCommand, type RunOptions } from './run.js'

interface ReplayOptions extends RunOptions {
  readonly write?: string
}

const mostBytes = 2 ** 28

/** `stagewright replay <picture>`: from what a picture tells of itself to a run file, a new run, and a comparison. The
 *  run takes nothing that is kept: it would only show what was there.
 *  @throws {PipelineError} SW_CLI_NOT_A_PICTURE, SW_CLI_NOTHING_TO_REPLAY, and those of `run` */
export async function replayCommand(
  named: string,
  options: ReplayOptions,
  host: CliHost,
): Promise<number> {
  const path = resolve(host.cwd, named)
  const bytes = await readPicture(path, named)
  const { width, height } = await sizeOf(bytes, named)
  const metadata = readMetadata(bytes)
  if (metadata.block === undefined && (metadata.infotext ?? metadata.comfy) === undefined)
    throw errors.SW_CLI_NOTHING_TO_REPLAY({
      file: named,
      problems: metadata.problems.map(({ message }) => message),
    })
  const { config, fields } = recoverRunConfig(metadata, { width, height })
  const json = options.json === true
  const human = json ? host.stderr : host.stdout
  if (options.quiet !== true) human.write(`${fieldsText(fields, host)}\n\n`)
  const stem = `replay-${safeName(basename(named, extname(named)), 50)}`
  if (options.write !== undefined) {
    await writeWhole(resolve(host.cwd, options.write), yamlOf(config, basename(named), fields))
    if (json) printJson({ fields, run_file: options.write }, host)
    else human.write(`${options.write} is written\n`)
    return 0
  }
  const file: RunFile = {
    path: resolve(dirname(path), `${stem}.yaml`),
    folder: dirname(path),
    shown: relative(host.cwd, path),
    stem,
    config,
    place: () => undefined,
  }
  const tell = async (result: RunResult): Promise<void> => {
    const grade = await gradeOf(bytes, metadata.block?.seed, fields, result)
    if (json) printJson({ type: 'replay-graded', ...gradeJson(grade), fields }, host)
    else host.stdout.write(`${gradeText(grade)}\n`)
  }
  return runCommand(file, { ...options, cache: false }, host, {}, tell)
}

async function readPicture(path: string, named: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > mostBytes) throw new Error(`it has over ${mostBytes} bytes`)
    return await readFile(path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.SW_CLI_NOT_A_PICTURE({ file: named, reason }, { cause: error })
  }
}

async function sizeOf(bytes: Uint8Array, named: string) {
  try {
    const { width, height } = await sharp(bytes).metadata()
    return { width, height }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.SW_CLI_NOT_A_PICTURE({ file: named, reason }, { cause: error })
  }
}

function fieldsText(fields: readonly RecoveredField[], host: CliHost): string {
  const rows = fields.map(({ path, status, from, value, why }) => [
    path,
    status === 'recovered' ? from : status,
    [value === undefined ? '' : JSON.stringify(value), why === undefined ? '' : `(${why})`]
      .filter((part) => part !== '')
      .join(' '),
  ])
  return columnsText(rows, host.stdout.columns)
}

function yamlOf(config: object, from: string, fields: readonly RecoveredField[]): string {
  const told = fields.filter(({ status }) => status !== 'recovered')
  const notes = told.map(({ path, status, why = '' }) => `# ${status}: ${path} ${why}`.trimEnd())
  const head = [`# Recovered from ${from}.`, ...notes].map((line) =>
    line.replaceAll(/[\r\n]+/g, ' '),
  )
  return `${head.join('\n')}\n${stringify(config, { lineWidth: 0 })}`
}

function gradeText({ grade, why }: Grade): string {
  return `compared       ${[grade, ...why].join('; ')}`
}

function gradeJson({ grade, why }: Grade): object {
  return { grade: grade.replaceAll(' ', '_'), why }
}
