import { pictureClauses } from './backend-picture-clauses.js'
import { promiseClauses } from './backend-promise-clauses.js'
import type { BackendSubject } from './backend-subject.js'
import { type Clause, registerClauses, type TestRunner } from './suite.js'

/** Every clause of the contract between core and a backend. */
export const backendClauses: readonly Clause<BackendSubject>[] = Object.freeze([
  ...promiseClauses,
  ...pictureClauses,
])

/** Registers one test for each clause that a backend must keep:
 *  `backendContract({ describe, it }, { backend: () => myBackend() })`.
 *  What is asked of it follows from its own `describe()`; it must be able to txt2img.
 *  @throws {TypeError} for an exemption that names no clause, or gives no reason */
export function backendContract(
  runner: TestRunner,
  subject: BackendSubject & { readonly title?: string },
): void {
  const title = `the backend contract, kept by ${subject.title ?? 'the backend'}`
  registerClauses(runner, title, backendClauses, subject, subject.exempt)
}
