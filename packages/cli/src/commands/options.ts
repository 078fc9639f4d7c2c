import { type Command, InvalidArgumentError, Option } from 'commander'

/** Options that `run` and `plan` share. */
export interface RunFileOptions {
  readonly backend: string
  readonly set?: readonly string[]
  readonly prompt?: string
  readonly model?: string
  readonly seed?: number
  readonly count?: number
  readonly images?: readonly string[]
  readonly allowPath?: readonly string[]
  readonly allowLarge?: true
  readonly strict?: true
  readonly json?: true
  readonly debug?: true
}

const append = (value: string, all: readonly string[] = []): readonly string[] => [...all, value]

export function withRunFileOptions(command: Command, backends: readonly string[]): Command {
  return command
    .option('--backend <name>', `what draws the pictures: ${backends.join(', ')}`, backends[0])
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
    .option('--strict', 'treat the notes of the plan as errors')
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

function readCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || count > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
  return count
}
