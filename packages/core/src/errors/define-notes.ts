/** Something a plan says without refusing it. `--strict` turns notes into errors. */
export interface PlanNote {
  readonly code: string
  readonly message: string
}

type Texts = Readonly<Record<string, (details: never) => string>>

export type NoteFactories<T extends Texts> = {
  readonly [Code in keyof T]: (...details: Parameters<T[Code]>) => PlanNote
}

/** Makes one note factory per code (`SW_NOTE_<FACT>`). */
export function defineNotes<const T extends Texts>(texts: T): NoteFactories<T> {
  const entries = Object.entries(texts).map(([code, text]) => [
    code,
    (details: never): PlanNote => Object.freeze({ code, message: text(details) }),
  ])
  return Object.freeze(Object.fromEntries(entries)) as NoteFactories<T>
}
