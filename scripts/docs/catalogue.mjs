/** A catalogue's factories, by code.
 *  @typedef {Readonly<Record<string, (details: any) => { kind?: string, message: string, hint?: string }>>} Factories */

/** Remedies that depend on details too much to be shown with placeholders. */
const remedies = /** @type {Readonly<Record<string, string>>} */ ({
  SW_CONFIG_UNKNOWN_KEY: 'write the nearest key that is known there, or remove it',
  SW_CONFIG_INVALID_VALUE: 'change the value as the message says',
  SW_PLAN_TWO_TERMINALS: 'disable one, or move one before the other by placement',
  SW_PLUGIN_CONTRACT: 'update the older of the two: @stagewright/core, or the package of the stage',
  SW_PREFLIGHT_UNKNOWN_NAME: 'write one of the names that the backend has; they are listed',
  SW_PREFLIGHT_SETTING: 'change the setting as the backend says there',
  SW_CLI_PROMPT_NOT_TEXT: 'quote the prompt: {key}: "…"',
  SW_CLI_YAML_SYNTAX: 'mend the line; quote prompts and texts that hold signs such as : or #',
})

/** Errors whose remedy a backend may give itself: the one shown is the one without it. */
const remedied = new Set([
  'SW_PLAN_SLOT_NOT_CARRIED',
  'SW_PREFLIGHT_NO_OPERATION',
  'SW_PREFLIGHT_NO_SUCH_KIND',
])

/** Values for details that a message calculates with. */
const numbers = /** @type {Readonly<Record<string, Record<string, number>>>} */ ({
  SW_IMAGE_TOO_LARGE: { bytes: 300 * 2 ** 20, most: 256 * 2 ** 20 },
  SW_IMAGE_TOO_MANY_PIXELS: { most: 200e6 },
})

/** Writes a table, as the testkit does for everybody's READMEs.
 *  @typedef {(head: readonly string[], rows: readonly (readonly string[])[]) => string} Table */

/** @param {Table} table
 *  @param {Factories} factories
 *  @returns {string} */
export function errorTable(table, factories) {
  const rows = Object.entries(factories).map(([name, make]) => {
    const { kind = '', message, hint = '' } = sample(name, make)
    return [`\`${name}\``, kind, message, remedies[name] ?? hint]
  })
  return table(['Code', 'Kind', 'What happened', 'How to solve it'], rows)
}

/** @param {Table} table
 *  @param {Factories} factories
 *  @returns {string} */
export function noteTable(table, factories) {
  const rows = Object.entries(factories).map(([name, make]) => [
    `\`${name}\``,
    sample(name, make).message,
  ])
  return table(['Code', 'What it says'], rows)
}

/** The kind of each error of a catalogue, by code.
 *  @param {Factories} factories
 *  @returns {Record<string, string>} */
export function kindsOf(factories) {
  return Object.fromEntries(
    Object.entries(factories).map(([name, make]) => [name, sample(name, make).kind ?? '']),
  )
}

/** What a factory makes when every detail is its own name in braces; details that may be left out are.
 *  @param {string} name
 *  @param {Factories[string]} make */
function sample(name, make) {
  const given = numbers[name] ?? {}
  const details = new Proxy(given, {
    get: (target, key) =>
      typeof key === 'string' && !(key === 'remedy' && remedied.has(name))
        ? (target[key] ?? new Placeholder(key))
        : undefined,
  })
  return make(details)
}

/** Stands for a text or a list of texts: prints as `{name}` either way. */
class Placeholder extends Array {
  /** @override */
  static get [Symbol.species]() {
    return Array
  }

  /** @param {string} name */
  constructor(name) {
    super()
    this.push(`{${name}}`)
  }

  toJSON() {
    return this.join('')
  }

  toLowerCase() {
    return this.join('')
  }
}
