import { type Command, InvalidArgumentError, Option } from 'commander'

import type { Overrides } from '../run-file/overrides.js'
import { dialectChoices, isSizeMultiple, mostSeconds } from '../servers/choices.js'
import type { BackendOptions } from '../servers/choose-backend.js'

/** Options that `run` and `plan` share. */
export interface RunFileOptions extends BackendOptions, Overrides {
  readonly allowPath?: readonly string[]
  readonly allowLarge?: true
  readonly strict?: true
  readonly json?: true
  readonly debug?: true
}

const append = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

/** Options that say which backend, for every command that asks one. */
export function withBackendOptions(command: Command, backends: readonly string[]): Command {
  return command
    .option(
      '--backend <which>',
      `what makes the pictures: ${backends.join(', ')}, http://host:port, auto (a server on this machine), or a name of the config file`,
    )
    .option(
      '--pool <servers>',
      'several servers as one: names of the config file or addresses, separated by commas',
    )
    .option(
      '--config <file>',
      'the file that names servers and lists plugins (default: stagewright.config.yaml)',
    )
    .addOption(new Option('--dialect <name>', 'what kind of server it is').choices(dialectChoices))
    .option('--timeout <seconds>', 'how long a call may take, and a connection', readSeconds)
    .addOption(debugOption())
}

/** Options of the commands that run a file, or plan to. */
export function withRunFileOptions(command: Command, backends: readonly string[]): Command {
  return withServerOptions(withOverrideOptions(withBackendOptions(command, backends))).option(
    '--strict',
    'treat the notes of the plan as errors',
  )
}

/** How to deal with a server. */
export function withServerOptions(command: Command): Command {
  return command
    .option('--stall <seconds>', 'how long a call may show no progress', readSeconds)
    .option('--lenient', 'let names pass that the server does not list, with a warning')
    .addOption(
      new Option('--on-oom <what>', 'what to do when the server runs out of memory').choices([
        'halve_batch',
      ]),
    )
    .option(
      '--size-multiple <pixels>',
      'what the model rounds sizes to, where it is not what such servers usually do',
      readMultiple,
    )
}

/** Options of the commands that make a new run. */
export function withRunOptions(command: Command): Command {
  return withKeepingOptions(command)
    .option('--from <stage>', 'make everything from this stage on anew, whatever is kept')
    .option('--no-cache', 'take no finished call from other runs, and leave none for them')
    .option(
      '--cells <n>',
      'how many cells of a sweep are made at a time (default: 1, on a pool 2 a server)',
      readCount,
    )
}

/** Options of the commands that leave a folder of pictures. */
export function withKeepingOptions(command: Command): Command {
  return command
    .option('--out <dir>', 'where the folders of runs are', 'out')
    .option('--quiet', 'print only where the pictures are')
    .option(
      '--preview',
      'keep the newest preview of what a server makes as preview.png in the folder',
    )
    .option('--learn', 'append a record to learning_records.jsonl in the out folder')
}

/** Options of the commands that look at runs. */
export function withOutOption(command: Command): Command {
  return command
    .option('--out <dir>', 'where the folders of runs are', 'out')
    .option('--json', 'print JSON')
    .addOption(debugOption())
}

/** Options that are laid over a run file, for every command that reads one. */
export function withOverrideOptions(command: Command): Command {
  return command
    .option('--set <path=value>', 'change a value: --set refiner.hr_scale=1.5 (repeatable)', append)
    .option('--prompt <text>', 'the prompt')
    .option('--model <name>', 'the checkpoint')
    .option('--seed <number>', 'the seed of the first picture; -1 for a random one', readSeed)
    .option('--count <n>', 'how many pictures (of each given one)', readCount)
    .option(
      '--images <glob>',
      'pictures to start from: init_images of img2img where that is enabled and comes first, otherwise input_images (repeatable)',
      append,
    )
    .option('--allow-path <dir>', 'let the run file name pictures in there (repeatable)', append)
    .option('--allow-large', 'allow pictures over 120 megapixels')
    .option('--json', 'print JSON')
}

export function withFakeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--dialect <name>', 'the server it answers like (default: forge)').choices(
        dialectChoices.filter((name) => name !== 'auto'),
      ),
    )
    .option(
      '--port <number>',
      'where it listens on 127.0.0.1 (default: 0, any free port)',
      readPort,
    )
    .option('--config <file>', 'what it has, how slow it is, and what goes wrong')
    .option('--tiny-pictures', 'draw small and enlarge: quicker')
    .option('--strict', 'answer 500 where a real server would ignore something')
    .option('--auth <user:password>', 'ask for them, as --api-auth does')
    .option('--json', 'print JSON')
    .addOption(debugOption())
}

export function debugOption(): Option {
  return new Option('--debug', 'show stacks and causes of errors')
}

function readSeed(text: string): number {
  const seed = Number(text)
  if (!/^-?\d+$/.test(text) || seed < -1 || seed > 2 ** 32 - 1)
    throw new InvalidArgumentError('It must be a whole number from -1 to 4294967295.')
  return seed
}

export function readStars(text: string): number {
  if (!/^[1-5]$/.test(text))
    throw new InvalidArgumentError('It must be a whole number from 1 to 5.')
  return Number(text)
}

export function readCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
  return count
}

function readMultiple(text: string): number {
  const multiple = Number(text)
  if (!isSizeMultiple(multiple))
    throw new InvalidArgumentError('It must be a multiple of 8 from 8 to 256.')
  return multiple
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0 || seconds > mostSeconds)
    throw new InvalidArgumentError('It must be a number of seconds above 0.')
  return seconds
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('It must be a whole number from 0 to 65535.')
  return port
}
