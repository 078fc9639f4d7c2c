import { Command, CommanderError, Option } from 'commander'

import { backendNames } from './built-in.js'
import type { FakeOptions } from './commands/fake-webui.js'
import type { HistoryOptions } from './commands/history.js'
import { initKinds } from './commands/init-files.js'
import {
  debugOption,
  readCount,
  readStars,
  type RunFileOptions,
  withBackendOptions,
  withFakeOptions,
  withKeepingOptions,
  withOutOption,
  withOverrideOptions,
  withRunFileOptions,
  withRunOptions,
  withServerOptions,
} from './commands/options.js'
import type { RunOptions } from './commands/run.js'
import type { CliHost } from './host.js'
import { withPlugins } from './plugins/plugin-host.js'
import type { BackendOptions } from './servers/choose-backend.js'
import { version } from './version.js'

/** Runs the command with `argv` (without node and script) and returns its exit code; it never exits by itself.
 *  0 done · 1 io · 2 config, plan, plugin, usage · 3 backend before the first call · 4 a stage failed, or some pictures
 *  did · 130 cancelled */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  const state: State = { code: 0, place: undefined }
  const program = buildProgram(host, state)
  if (argv.length === 0) {
    program.outputHelp()
    return 0
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return state.code
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    const { endWith } = await import('./report/end-with.js')
    return endWith(thrown, argv, host, state.place)
  }
}

interface State {
  code: number
  /** Of the run file at hand: where a path of it stands. */
  place: ((path: string) => string | undefined) | undefined
}

function buildProgram(host: CliHost, state: State): Command {
  const { stdout, stderr } = host
  const program = new Command('stagewright')
    .description('Plans and runs picture pipelines from a run file.')
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'show help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      // Told by the error that follows.
      writeErr: (text) => void (text.startsWith('error:') ? '' : stderr.write(text)),
      getOutHelpWidth: () => stdout.columns ?? 100,
    })
  const read = async (file: string) => {
    const { readRunFile } = await import('./run-file/read.js')
    const found = await readRunFile(file, host.cwd)
    state.place = found.place
    return found
  }
  const backends = backendNames(host)

  withRunOptions(
    withRunFileOptions(
      command(program, 'run <file>', 'run a file and write its pictures'),
      backends,
    ),
  ).action(async (file: string, options: RunOptions) => {
    const runFile = await read(file)
    const { runCommand } = await import('./commands/run.js')
    state.code = await runCommand(runFile, options, withPlugins(host, options.config))
  })
  withKeepingOptions(
    withServerOptions(
      withBackendOptions(
        command(program, 'resume [run]', 'go on with a run (default: the newest unfinished one)'),
        backends,
      ),
    ).option('--json', 'print JSON'),
  ).action(async (run: string | undefined, options: RunOptions) => {
    const { resumeCommand } = await import('./commands/resume.js')
    state.code = await resumeCommand(run, options, withPlugins(host, options.config))
  })
  withRunOptions(
    withRunFileOptions(
      command(program, 'rerun <run>', 'make a run once more, with changes if there are any'),
      backends,
    ),
  ).action(async (run: string, options: RunOptions) => {
    const { rerunCommand } = await import('./commands/rerun.js')
    state.code = await rerunCommand(run, options, withPlugins(host, options.config))
  })
  withRunFileOptions(
    withKeepingOptions(
      command(program, 'replay <picture>', 'make a picture once more from what it tells of itself'),
    ),
    backends,
  )
    .option('--write <file>', 'only write the run file')
    .action(async (picture: string, options: RunOptions & { readonly write?: string }) => {
      const { replayCommand } = await import('./commands/replay.js')
      state.code = await replayCommand(picture, options, withPlugins(host, options.config))
    })
  withOutOption(command(program, 'history', 'list the runs, the newest first'))
    .addOption(
      new Option('--status <status>', 'only these').choices([
        'running',
        'interrupted',
        'done',
        'partial',
        'failed',
        'cancelled',
      ]),
    )
    .option('--text <words>', 'whose prompt, model or name has the words')
    .option('--model <name>', 'made with a model')
    .option('--since <date>', 'begun at or after: 2026-11-20')
    .option('--until <date>', 'begun before')
    .option('--rating <stars>', 'with a picture rated so high', readStars)
    .option('--best', 'list the best-rated pictures of these runs instead')
    .option('--limit <n>', 'how many', readCount, 30)
    .option('--rebuild', 'read all folders again first')
    .action(async (options: HistoryOptions) => {
      const { historyCommand } = await import('./commands/history.js')
      await historyCommand(options, host)
    })
  withOutOption(
    command(program, 'show <run-or-picture>', 'show a run, or a picture and the way it went'),
  ).action(async (named: string, options: { readonly out: string; readonly json?: true }) => {
    const { showCommand } = await import('./commands/show.js')
    await showCommand(named, options, host)
  })
  withOutOption(command(program, 'rate <picture> <stars>', 'rate a picture, 1 to 5'))
    .option('--note <text>', 'why')
    .action(
      async (
        named: string,
        stars: string,
        options: { readonly out: string; readonly note?: string; readonly json?: true },
      ) => {
        const { rateCommand } = await import('./commands/rate.js')
        await rateCommand(named, stars, options, host)
      },
    )
  const cache = command(program, 'cache', 'look after what is kept of finished calls')
  withOutOption(command(cache, 'list', 'what is kept, and what needs it')).action(
    async (options: { readonly out: string; readonly json?: true }) => {
      const { cacheListCommand } = await import('./commands/cache.js')
      await cacheListCommand(options, host)
    },
  )
  withOutOption(command(cache, 'verify', 'whether everything that is kept is whole'))
    .option('--repair', 'drop what is damaged')
    .action(
      async (options: { readonly out: string; readonly repair?: true; readonly json?: true }) => {
        const { cacheVerifyCommand } = await import('./commands/cache.js')
        state.code = await cacheVerifyCommand(options, host)
      },
    )
  withOutOption(command(cache, 'prune', 'make room; what a run needs stays'))
    .option('--to <size>', 'how much may stay of what no run needs: 5GB (default: 20 GiB)')
    .option('--dry-run', 'only say what would be removed')
    .action(
      async (options: {
        readonly out: string
        readonly to?: string
        readonly dryRun?: true
        readonly json?: true
      }) => {
        const { cachePruneCommand } = await import('./commands/cache.js')
        await cachePruneCommand(options, host)
      },
    )
  withRunFileOptions(command(program, 'plan <file>', 'show what a run would do'), backends)
    .option('--explain', 'show also why the stages stand in this order, and what would move them')
    .action(async (file: string, options: RunFileOptions & { readonly explain?: true }) => {
      const runFile = await read(file)
      const { planCommand } = await import('./commands/plan.js')
      state.code = await planCommand(runFile, options, withPlugins(host, options.config))
    })
  withOverrideOptions(
    withBackendOptions(
      command(program, 'doctor [file]', 'look at a server, and at what a run file lacks there'),
      backends,
    ),
  ).action(async (file: string | undefined, options: RunFileOptions) => {
    const runFile = file === undefined ? undefined : await read(file)
    const { doctorCommand } = await import('./commands/doctor.js')
    await doctorCommand(runFile, options, withPlugins(host, options.config))
  })
  command(program, 'stages', 'list the stages: who provides what, and where it stands')
    .option('--config <file>', 'the file that lists plugins (default: stagewright.config.yaml)')
    .option('--json', 'print JSON')
    .addOption(debugOption())
    .action(async (options: { readonly json?: true; readonly config?: string }) => {
      const { stagesCommand } = await import('./commands/stages.js')
      await stagesCommand(options, withPlugins(host, options.config))
    })
  command(program, 'init [file]', 'write a run file to start from (default: <kind>.yaml)')
    .option('--kind <kind>', `one of ${initKinds.join(', ')}`, 'portrait')
    .option('--force', 'write over a file that is there')
    .addOption(debugOption())
    .action(async (file: string | undefined, options: { kind: string; force?: true }) => {
      const { initCommand } = await import('./commands/init.js')
      await initCommand(file, options, host)
    })
  withBackendOptions(
    command(program, 'schema', 'print the JSON Schema of run files, for editors'),
    backends,
  ).action(async (options: BackendOptions) => {
    const { schemaCommand } = await import('./commands/schema.js')
    await schemaCommand(options, withPlugins(host, options.config))
  })
  withFakeOptions(
    command(program, 'fake-webui', 'serve what answers like a WebUI, to try clients on'),
  ).action(async (options: FakeOptions) => {
    const { fakeWebuiCommand } = await import('./commands/fake-webui.js')
    await fakeWebuiCommand(options, host)
  })
  return program
}

function command(program: Command, usage: string, description: string): Command {
  return program.command(usage).description(description).helpOption('--help', 'show help')
}
