/** A program of a page: one that is run and prints something, or a file that a later program of the page imports. */
export interface Program {
  readonly language: 'ts' | 'python' | 'sh' | 'yaml'
  readonly code: string
  /** The name of the file, where the page gives it one. */
  readonly file?: string
  /** What it prints; a file with a name prints nothing. */
  readonly output?: string
}

const languages = ['ts', 'python', 'sh', 'yaml'] as const

/** The programs of a page that are marked with `<!-- program -->`, each with the output block behind it, or with
 *  `<!-- program: name.ts -->`, which makes it a file.
 *  @throws {Error} for a mark without a program, or a program without its output */
export function programsIn(page: string): Program[] {
  const parts = page.replaceAll('\r\n', '\n').split(/^(?=<!-- program(?:: \S+)? -->$)/m)
  const marked = parts.filter((part) => part.startsWith('<!-- program'))
  return marked.map((rest) => {
    const [, file] = /^<!-- program(?:: (\S+))? -->/.exec(rest) ?? []
    const match = /^<!--.*-->\s*```(\w+)\n(.*?)^```$(.*)/ms.exec(rest)
    const [, named, code, behind = ''] = match ?? []
    const language = languages.find((one) => one === named)
    if (language === undefined || code === undefined)
      throw new Error(`no program behind the mark: ${rest.slice(0, 80)}`)
    if (file !== undefined) return { language, code, file }
    const [, output] = /^```(?:text)?\n(.*?)^```$/ms.exec(behind) ?? []
    if (output === undefined) throw new Error(`no output behind the program: ${code.slice(0, 80)}`)
    return { language, code, output: output.trimEnd() }
  })
}
