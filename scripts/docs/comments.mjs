import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a comment says: its text, and a line for each thing that is thrown.
 *  @typedef {{ text: string, notes: readonly string[] }} Comment */

/** What the source says of an export, in the file that the entry takes it from: the comment right above it, and the
 *  whole of an interface, whose members have comments of their own.
 *  @param {string} entry the file of the entry
 *  @param {string} name
 *  @returns {{ comment?: Comment, whole?: string }} */
export function saidOf(entry, name) {
  const found = declarationOf(entry, name)
  if (found === undefined) return {}
  const comment = commentBefore(found.text, found.name)
  const pattern = new RegExp(`^export interface ${found.name}\\b[^]*?^\\}`, 'm')
  const whole = pattern.exec(`${found.text}\n`)?.[0]
  return {
    ...(comment === undefined ? {} : { comment: read(comment) }),
    ...(whole === undefined ? {} : { whole }),
  }
}

/** The file that declares an export, and the name that it has there.
 *  @param {string} file
 *  @param {string} name
 *  @returns {{ text: string, name: string } | undefined} */
function declarationOf(file, name) {
  if (!existsSync(file)) return undefined
  const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n')
  if (declares(name).test(text)) return { text, name }
  for (const [, list = '', from = ''] of text.matchAll(
    /^export (?:type )?\{([^}]*)\} from '(\.[^']*)'/gm,
  ))
    for (const item of list.split(',')) {
      const [, own = '', as = own] = /^\s*(?:type )?(\w+)(?: as (\w+))?\s*$/.exec(item) ?? []
      if (as === name) return declarationOf(join(dirname(file), from.replace(/\.js$/, '.ts')), own)
    }
  return undefined
}

/** @param {string} name */
function declares(name) {
  return new RegExp(
    `^export (?:declare )?(?:abstract )?(?:async )?(?:function|class|const|interface|type) ${name}\\b`,
    'm',
  )
}

/** @param {string} text
 *  @param {string} name */
function commentBefore(text, name) {
  const before = text.slice(0, declares(name).exec(text)?.index ?? 0).trimEnd()
  // Between the two there may be decorators.
  const bare = before.replace(/(?:\n@\w+\([^\n]*\))+$/, '')
  return /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/$/.exec(bare)?.[1]
}

/** @param {string} comment
 *  @returns {Comment} */
function read(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trim())
  const [text = '', ...tags] = lines.join('\n').split(/\n?(?=@\w+)/)
  const thrown = tags.flatMap((tag) => {
    const [, what = ''] = /^@throws ([\s\S]*)/.exec(tag) ?? []
    return what === '' ? [] : [`Throws ${prose(what.replace(/^\{(\w+)\}/, '`$1`'))}`]
  })
  return { text: prose(text), notes: thrown }
}

/** A paragraph or an item of a list on one line; what Markdown would read as a tag is escaped.
 *  @param {string} text */
function prose(text) {
  return text
    .trim()
    .replaceAll(/(?<!\n)\n(?=- )/g, '\n\n')
    .split(/\n{2,}/)
    .map((paragraph) =>
      paragraph.replaceAll(/\n\s*/g, ' ').replaceAll(/(?<!`[^`]*)<(?=\w)/g, '\\<'),
    )
    .join('\n\n')
    .replaceAll(/^(- .*)\n\n(?=- )/gm, '$1\n')
}
