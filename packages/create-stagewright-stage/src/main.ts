import { parseArgs } from 'node:util'

import { createStage, FolderInUse, type Runner, runners } from './create-stage.js'
import { BadName } from './names.js'

export interface Host {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
}

const usage = `Makes a package with a working stage for Stagewright.

  npm create stagewright-stage <name> [-- <options>]

  <name>             of the package: film-grain, @acme/film-grain
  --stage <name>     of the stage in run files; default: from the name: acme_film_grain
  --runner <runner>  of its tests: vitest (default) or node
  --help
`

/** The program.
 *  @returns its exit code: 0, 1 when the folder cannot be written, 2 for arguments that are wrong */
export async function main({ argv, cwd, env, stdout, stderr }: Host): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        stage: { type: 'string' },
        runner: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help === true) {
      stdout.write(usage)
      return 0
    }
    const [name, ...others] = positionals
    if (name === undefined || others.length > 0) throw new BadArguments('give one name')
    const { names, files } = await createStage({
      name,
      cwd,
      stage: values.stage,
      runner: runnerFrom(values.runner),
    })
    stdout.write(`${names.folder}: ${files.length} files, with the stage "${names.stage}"\n\n`)
    stdout.write(`${nextSteps(names.folder, managerFrom(env)).join('\n')}\n`)
    return 0
  } catch (error) {
    if (error instanceof BadName) return refuse(error.message)
    if (error instanceof BadArguments || isParseError(error))
      return refuse(`${error.message}\n\n${usage.trimEnd()}`)
    if (error instanceof FolderInUse || (error as NodeJS.ErrnoException).syscall !== undefined)
      return refuse((error as Error).message, 1)
    throw error
  }

  function refuse(message: string, code = 2): number {
    stderr.write(`${message}\n`)
    return code
  }
}

class BadArguments extends Error {
  override readonly name = 'BadArguments'
}

function isParseError(error: unknown): error is Error {
  return String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
}

function runnerFrom(value: string | undefined): Runner | undefined {
  if (value === undefined || runners.includes(value as Runner)) return value as Runner | undefined
  throw new BadArguments(`--runner is ${value}: write ${runners.join(' or ')}`)
}

/** The package manager that started the program: npm, pnpm, yarn, bun. */
function managerFrom(env: Host['env']): string {
  return /^(pnpm|yarn|bun)\//.exec(env['npm_config_user_agent'] ?? '')?.[1] ?? 'npm'
}

function nextSteps(folder: string, manager: string): string[] {
  return [
    `  cd ${folder}`,
    `  ${manager} install`,
    `  ${manager} test        # without a GPU, without a server`,
    `  ${manager} run plan    # the stage among the others`,
  ]
}
