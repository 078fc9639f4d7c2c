import type Libsql from 'libsql'

/** What SQL takes and gives. */
export type SqlValue = string | number | null

/** A row by the names of its columns. */
export type SqlRow<C extends string = string> = Readonly<Record<C, SqlValue>>

/** Milliseconds that a statement waits for another process to finish its transaction. */
const patience = 5000

/** A SQLite file. Everything is synchronous, and short. */
export class Database {
  readonly #db: Libsql.Database
  readonly #prepared = new Map<string, Libsql.Statement>()

  private constructor(db: Libsql.Database) {
    this.#db = db
  }

  /** Opens the file, or makes it. The library is loaded by the first call.
   *  @throws {Error} where the file cannot be opened, or there is no library for this system */
  static async open(path: string): Promise<Database> {
    const { default: Sqlite } = await import('libsql')
    return new Database(new Sqlite(path, { timeout: patience }))
  }

  /** Runs statements that take no values. */
  execute(sql: string): void {
    this.#db.exec(sql)
  }

  /** Runs one statement that gives no rows. */
  run(sql: string, values: readonly unknown[] = []): void {
    this.#statement(sql).run(values.map(asSql))
  }

  /** The given columns of what `rest` selects: `from runs where …`. Thousands of rows come three times as fast as one
   *  text than one by one. */
  select<C extends string>(
    columns: readonly C[],
    rest: string,
    values: readonly unknown[] = [],
  ): SqlRow<C>[] {
    const names = columns.join(', ')
    const [[json] = []] = this.query(
      `select json_group_array(json_array(${names})) from (select ${names} ${rest})`,
      values,
    )
    return (JSON.parse(String(json)) as SqlValue[][]).map((row) => {
      const named: Record<string, SqlValue> = {}
      for (let i = 0; i < columns.length; i++) named[columns[i] as C] = row[i] as SqlValue
      return named as SqlRow<C>
    })
  }

  /** The rows of any statement, each as a list. */
  query(sql: string, values: readonly unknown[] = []): (readonly SqlValue[])[] {
    return this.#statement(sql).raw().all(values.map(asSql)) as (readonly SqlValue[])[]
  }

  /** Does the work in one transaction: all of it is there afterwards, or nothing. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work).immediate()
  }

  close(): void {
    this.#prepared.clear()
    this.#db.close()
  }

  #statement(sql: string): Libsql.Statement {
    const known = this.#prepared.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** Whether the file is not what it was: no database, cut off, written over, or without our tables. */
export function isDamage(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown }
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return false
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(code) || /no such (?:table|column)/.test(String(message))
}

/** The library ends the program at a value that SQL does not have. */
function asSql(value: unknown): SqlValue {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
