import { configClauses } from './stage-config-clauses.js'
import { planClauses } from './stage-plan-clauses.js'
import { runClauses } from './stage-run-clauses.js'
import type { StageSubject } from './stage-subject.js'
import { type Clause, registerClauses, type TestRunner } from './suite.js'

/** Every clause of the contract between core and a stage. */
export const stageClauses: readonly Clause<StageSubject>[] = Object.freeze([
  ...configClauses,
  ...planClauses,
  ...runClauses,
])

/** Registers one test for each clause that a stage must keep:
 *  `stageContract({ describe, it }, { stage: sharpen, config: { amount: 0.5 } })`.
 *  Works with vitest, node:test, bun and jest: the runner is yours.
 *  @throws {TypeError} for an exemption that names no clause, or gives no reason */
export function stageContract(runner: TestRunner, subject: StageSubject): void {
  const title = `the stage contract, kept by ${subject.stage.name}`
  registerClauses(runner, title, stageClauses, subject, subject.exempt)
}
