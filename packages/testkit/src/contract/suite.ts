/** The two functions of a test runner that the suites use: those of vitest, node:test, bun and jest fit. */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown
  readonly it: (title: string, body: () => Promise<void>) => unknown
}

/** One rule of a contract. Its id is stable: exemptions and reports name it. */
export interface Clause<S> {
  readonly id: string
  /** What must be true, as a sentence that follows the id. */
  readonly says: string
  check(subject: S): Promise<void>
}

/** Clauses that do not hold for a subject, each with the reason why. */
export type Exemptions = Readonly<Record<string, string>>

/** Registers one test a clause. An exempt clause stays visible with its reason.
 *  @throws {TypeError} for an exemption that names no clause, or gives no reason */
export function registerClauses<S>(
  { describe, it }: TestRunner,
  title: string,
  clauses: readonly Clause<S>[],
  subject: S,
  exempt: Exemptions = {},
): void {
  for (const [id, reason] of Object.entries(exempt)) {
    if (!clauses.some((clause) => clause.id === id))
      throw new TypeError(
        `exempt names "${id}", which is no clause; there are ${clauses.map((one) => one.id).join(', ')}`,
      )
    if (reason.trim() === '') throw new TypeError(`the exemption from ${id} gives no reason`)
  }
  describe(title, () => {
    for (const clause of clauses) {
      const reason = exempt[clause.id]
      if (reason === undefined) it(`${clause.id}: ${clause.says}`, () => clause.check(subject))
      else it(`${clause.id}: exempt, because ${reason}`, () => Promise.resolve())
    }
  })
}
