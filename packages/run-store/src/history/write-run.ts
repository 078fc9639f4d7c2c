import type { Database } from './database.js'
import type { RunFacts } from './run-facts.js'

/** Writes everything about a run, in place of what stood there; call it in a transaction.
 *  @param folder its name under the root
 *  @param journalBytes the size of its journal before it was read */
export function writeRun(
  db: Database,
  folder: string,
  journalBytes: number,
  facts: RunFacts,
): void {
  const seq = removeRun(db, folder)
  const { run } = facts
  insert(db, 'runs', { seq, folder, ...run, journal_bytes: journalBytes })
  const [[id] = []] = db.query('select seq from runs where folder = ?', [folder])
  for (const stage of facts.stages) insert(db, 'stages', { run: id, ...stage })
  const { backend, dialect, server } = run
  for (const call of facts.calls)
    insert(db, 'calls', { run: id, backend, dialect, server, ...call })
  for (const load of facts.loads)
    insert(db, 'loads', { run: id, backend, dialect, server, ...load })
  for (const picture of facts.pictures) insert(db, 'pictures', { run: id, ...picture })
  for (const rating of facts.ratings) insert(db, 'ratings', { run: id, ...rating })
  const { prompt, negative_prompt, name, model } = run
  insert(db, 'words', { rowid: id, prompt, negative_prompt, name, model })
}

/** @returns the number that the run had, if it was there */
export function removeRun(db: Database, folder: string): number | undefined {
  const [[seq] = []] = db.query('select seq from runs where folder = ?', [folder])
  if (typeof seq !== 'number') return undefined
  for (const table of ['stages', 'calls', 'loads', 'pictures', 'ratings'])
    db.run(`delete from ${table} where run = ?`, [seq])
  db.run('delete from words where rowid = ?', [seq])
  db.run('delete from runs where seq = ?', [seq])
  return seq
}

function insert(db: Database, table: string, row: Readonly<Record<string, unknown>>): void {
  const columns = Object.keys(row)
  const places = columns.map(() => '?').join(', ')
  db.run(`insert into ${table} (${columns.join(', ')}) values (${places})`, Object.values(row))
}
