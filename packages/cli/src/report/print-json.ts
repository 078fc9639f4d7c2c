import type { CliHost } from '../host.js'

/** Prints one line of JSON. */
export function printJson(value: object, { stdout }: CliHost): void {
  stdout.write(`${JSON.stringify(value)}\n`)
}
