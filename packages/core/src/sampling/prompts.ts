import type { Need } from '../contract/backend.js'
import type { PlanNote } from '../errors/define-notes.js'
import { notes } from '../errors/notes.js'

/** LoRAs that a prompt names in `<lora:name:weight>` tags. @source WebUI modules/extra_networks.py */
export function loraNeeds(prompt: string | undefined, path: string): Need[] {
  const names = [...(prompt ?? '').matchAll(/<(?:lora|lyco):([^:>]+)(?::[^>]*)?>/g)].map(
    ([, name]) => name as string,
  )
  return [...new Set(names)].map((name) => ({ kind: 'lora', name, path }))
}

/** Notes for syntax that an extension or a sweep would resolve: `{a|b}`, `__wildcard__`, `[[slot]]`. */
export function promptNotes(prompt: string | undefined, path: string): PlanNote[] {
  const found = [
    ...(prompt ?? '').matchAll(/\{[^{}]*\|[^{}]*\}|__[A-Za-z0-9][\w\-/* ]*?__|\[\[[^[\]]*\]\]/g),
  ].map(([text]) => text)
  return found.length === 0
    ? []
    : [notes.SW_NOTE_PROMPT_SYNTAX({ path, found: [...new Set(found)].join(', ') })]
}
