import type { PipelineError } from '@stagewright/core'
import { type Document, isAlias, isMap, isScalar, isSeq, visit } from 'yaml'

import { errors } from '../errors.js'

/** Prompts that YAML did not read as text. An anchor or a tag at the start of a prompt is swallowed without a word:
 *  that is found here too. */
export function misreadPrompts(
  document: Document.Parsed,
  place: (at: number) => string,
): PipelineError[] {
  const used = new Set<string>()
  visit(document, { Alias: (_, alias) => void used.add(alias.source) })
  const found: PipelineError[] = []
  visit(document, {
    Pair: (_, { key, value }) => {
      if (!isScalar(key) || typeof key.value !== 'string' || !/(^|_)prompt$/.test(key.value)) return
      const readAs = misread(value, used)
      if (readAs !== undefined)
        found.push(
          errors.SW_CLI_PROMPT_NOT_TEXT({
            key: key.value,
            place: place(key.range?.[0] ?? 0),
            readAs,
          }),
        )
    },
  })
  return found
}

function misread(value: unknown, used: ReadonlySet<string>): string | undefined {
  if (isSeq(value)) return 'a list'
  if (isMap(value)) return 'a map'
  if (isAlias(value)) return undefined
  if (!isScalar(value)) return undefined
  if (value.anchor !== undefined && !used.has(value.anchor)) return `an anchor (&${value.anchor})`
  if (value.value === null || typeof value.value === 'string') return undefined
  return typeof value.value === 'boolean' ? 'true or false' : 'a number'
}
