declare const requestType: unique symbol

/** What a backend can be asked to do; `R` is the request, plain data with the run file's field names.
 *  Compared by name, so two copies of a package mean the same operation. */
export interface Operation<R> {
  readonly name: string
  readonly [requestType]?: (request: R) => R
}

/** Declares an operation. Third parties prefix their owner: `acme_remove_background`.
 *  @throws {TypeError} when the name is not in lower snake case */
export function operation<R>(name: string): Operation<R> {
  if (!snakeCase.test(name)) throw new TypeError(`operation name "${name}" is not in snake case`)
  return Object.freeze({ name })
}

/** Names of stages, operations and slots. */
export const snakeCase = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/
