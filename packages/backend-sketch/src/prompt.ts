import { hashText } from './noise.js'
import {
  cloths,
  figures,
  hats,
  type Hour,
  hours,
  media,
  type Medium,
  people,
  type Prop,
  propWords,
  type Setting,
  settings,
} from './words.js'

export type { Hour, Medium, Prop, Setting } from './words.js'

/** What a prompt's known words ask for. Unknown words turn into `mix`, which moves everything left open. */
export interface Intent {
  readonly setting: Setting | undefined
  readonly hour: Hour | undefined
  readonly medium: Medium
  /** How large the figure stands in the picture; 0 for none, undefined when the prompt leaves it open. */
  readonly figure: 'large' | 'small' | 'none' | undefined
  readonly woman: boolean
  readonly old: boolean
  readonly hat: 'hood' | 'cap' | 'beanie' | 'none' | undefined
  readonly cloth: string | undefined
  readonly props: ReadonlySet<Prop>
  readonly windy: boolean
  /** Flowers are dried ones. */
  readonly dried: boolean
  /** Every word's weight on palette and composition, as bits. */
  readonly mix: number
  /** LoRA tags of the prompt, `name` → strength. */
  readonly loras: ReadonlyMap<string, number>
}

/** Reads a prompt's words, with the ones of the negative prompt taken away. Styles count as words of the prompt. */
export function readPrompt(prompt: string, negative: string): Intent {
  const loras = new Map<string, number>()
  const text = prompt.replaceAll(
    /<(?:lora|lyco):([^:>]+)(?::([-\d.]+))?[^>]*>/g,
    (_, name: string, weight?: string) => {
      loras.set(name, Number(weight ?? 1) || 0)
      return ' '
    },
  )
  const words = wordsOf(text)
  const without = new Set(wordsOf(negative))
  const wanted = new Set(words.filter((word) => !without.has(word)))
  const first = <T>(table: Readonly<Record<string, T>>): T | undefined => {
    for (const word of wanted) if (Object.hasOwn(table, word)) return table[word]
    return undefined
  }
  const person = first(people)
  const empty = [...without].some((word) => Object.hasOwn(people, word)) || wanted.has('empty')
  return {
    setting: first(settings),
    hour: first(hours),
    medium: first(media) ?? 'photo',
    figure: empty
      ? 'none'
      : person !== undefined || wanted.has('portrait')
        ? 'large'
        : first(figures),
    woman: person === 'woman',
    old: ['old', 'elderly', 'fisherman', 'keeper', 'sailor', 'grandfather'].some((one) =>
      wanted.has(one),
    ),
    hat: Object.entries(hats).find(([word]) => wanted.has(word))?.[1],
    cloth: first(cloths),
    props: new Set(
      [...wanted].flatMap((word) => (Object.hasOwn(propWords, word) ? [propWords[word]!] : [])),
    ),
    windy: ['windy', 'wind', 'storm', 'stormy'].some((one) => wanted.has(one)),
    dried: ['dried', 'dry', 'withered', 'wilted'].some((one) => wanted.has(one)),
    mix: words.reduce((sum, word) => (sum + hashText(word)) >>> 0, hashText(negative) >>> 8),
    loras,
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
