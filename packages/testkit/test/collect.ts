import type { TestRunner } from '../src/index.js'

export interface Report {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  readonly exempt: readonly string[]
  readonly reasons: ReadonlyMap<string, unknown>
}

/** Runs a suite with a describe and an it of two lines, and reports the ids of its clauses. */
export async function collect(register: (runner: TestRunner) => void): Promise<Report> {
  const tests: { title: string; body: () => Promise<void> }[] = []
  register({
    describe: (_title, body) => body(),
    it: (title, body) => tests.push({ title, body }),
  })
  const passed: string[] = []
  const reasons = new Map<string, unknown>()
  const exempt = tests.filter(({ title }) => title.includes(': exempt, because ')).map(idOf)
  for (const test of tests) {
    try {
      await test.body()
      passed.push(idOf(test))
    } catch (error) {
      reasons.set(idOf(test), error)
    }
  }
  return { passed, failed: [...reasons.keys()], exempt, reasons }
}

function idOf({ title }: { readonly title: string }): string {
  return title.split(':')[0] ?? title
}
