import { hashText } from './noise.js'

export type Setting = 'sea' | 'pier' | 'town' | 'hills' | 'forest' | 'room' | 'studio'
export type Hour = 'day' | 'overcast' | 'dusk' | 'night' | 'morning' | 'lamplight'
export type Medium = 'photo' | 'oil' | 'watercolour' | 'ink' | 'flat'
export type Prop =
  | 'rope'
  | 'book'
  | 'cup'
  | 'lighthouse'
  | 'boats'
  | 'vase'
  | 'bottle'
  | 'watch'
  | 'window'
  | 'lamp'
  | 'rain'
  | 'fog'
  | 'snow'
  | 'sign'

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
    mix: words.reduce((sum, word) => (sum + hashText(word)) >>> 0, hashText(negative) >>> 8),
    loras,
  }
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}

const people: Readonly<Record<string, 'man' | 'woman'>> = {
  person: 'man',
  people: 'man',
  man: 'man',
  boy: 'man',
  fisherman: 'man',
  keeper: 'man',
  sailor: 'man',
  king: 'man',
  worker: 'man',
  wizard: 'man',
  knight: 'man',
  face: 'man',
  selfie: 'man',
  child: 'man',
  grandfather: 'man',
  astronaut: 'man',
  hands: 'man',
  figure: 'man',
  someone: 'man',
  woman: 'woman',
  girl: 'woman',
  lady: 'woman',
  queen: 'woman',
  princess: 'woman',
  mother: 'woman',
  '1girl': 'woman',
  '1boy': 'man',
  witch: 'woman',
}

// Still lifes, rooms' things and views: what stands before the lens is not a person.
const figures: Readonly<Record<string, 'small' | 'none'>> = {
  town: 'small',
  city: 'small',
  street: 'small',
  village: 'small',
  harbour: 'small',
  harbor: 'small',
  beach: 'small',
  landscape: 'none',
  mountain: 'none',
  mountains: 'none',
  lake: 'none',
  vase: 'none',
  desk: 'none',
  product: 'none',
  bottle: 'none',
  watch: 'none',
  mug: 'none',
  sign: 'none',
  flowers: 'none',
  still: 'none',
  bakery: 'none',
  studio: 'none',
}

const settings: Readonly<Record<string, Setting>> = {
  sea: 'sea',
  ocean: 'sea',
  beach: 'sea',
  boat: 'sea',
  ship: 'sea',
  coast: 'sea',
  island: 'sea',
  lake: 'sea',
  pier: 'pier',
  dock: 'pier',
  jetty: 'pier',
  harbour: 'town',
  harbor: 'town',
  town: 'town',
  city: 'town',
  street: 'town',
  village: 'town',
  hill: 'hills',
  hills: 'hills',
  mountain: 'hills',
  mountains: 'hills',
  field: 'hills',
  landscape: 'hills',
  meadow: 'hills',
  valley: 'hills',
  desert: 'hills',
  forest: 'forest',
  wood: 'forest',
  woods: 'forest',
  jungle: 'forest',
  tree: 'forest',
  trees: 'forest',
  desk: 'room',
  room: 'room',
  interior: 'room',
  kitchen: 'room',
  library: 'room',
  reading: 'room',
  table: 'room',
  office: 'room',
  shop: 'town',
  bakery: 'town',
  studio: 'studio',
  product: 'studio',
  macro: 'studio',
}

const hours: Readonly<Record<string, Hour>> = {
  dusk: 'dusk',
  sunset: 'dusk',
  evening: 'dusk',
  golden: 'dusk',
  night: 'night',
  midnight: 'night',
  moon: 'night',
  moonlight: 'night',
  stars: 'night',
  dark: 'night',
  overcast: 'overcast',
  cloudy: 'overcast',
  rain: 'overcast',
  storm: 'overcast',
  stormy: 'overcast',
  fog: 'overcast',
  misty: 'overcast',
  morning: 'morning',
  dawn: 'morning',
  sunrise: 'morning',
  noon: 'day',
  sunny: 'day',
  day: 'day',
  lamplight: 'lamplight',
  candlelight: 'lamplight',
  lamp: 'lamplight',
  candle: 'lamplight',
  window: 'morning',
}

const media: Readonly<Record<string, Medium>> = {
  oil: 'oil',
  painting: 'oil',
  brush: 'oil',
  impasto: 'oil',
  acrylic: 'oil',
  impressionist: 'oil',
  watercolour: 'watercolour',
  watercolor: 'watercolour',
  gouache: 'watercolour',
  aquarelle: 'watercolour',
  ink: 'ink',
  sketch: 'ink',
  pencil: 'ink',
  drawing: 'ink',
  engraving: 'ink',
  lineart: 'ink',
  anime: 'flat',
  manga: 'flat',
  cartoon: 'flat',
  vector: 'flat',
  comic: 'flat',
  photo: 'photo',
  photograph: 'photo',
  photorealistic: 'photo',
}

const hats: Readonly<Record<string, 'hood' | 'cap' | 'beanie' | 'none'>> = {
  raincoat: 'hood',
  hood: 'hood',
  hooded: 'hood',
  cloak: 'hood',
  cap: 'cap',
  hat: 'cap',
  keeper: 'cap',
  captain: 'cap',
  sailor: 'cap',
  beanie: 'beanie',
  fisherman: 'beanie',
  winter: 'beanie',
}

const cloths: Readonly<Record<string, string>> = {
  yellow: 'yellow',
  red: 'red',
  blue: 'blue',
  green: 'green',
  white: 'white',
  black: 'black',
  purple: 'purple',
  pink: 'pink',
  grey: 'grey',
  gray: 'grey',
  orange: 'orange',
  teal: 'teal',
  raincoat: 'yellow',
  suit: 'black',
  navy: 'blue',
  keeper: 'blue',
}

const propWords: Readonly<Record<string, Prop>> = {
  rope: 'rope',
  ropes: 'rope',
  fisherman: 'rope',
  net: 'rope',
  book: 'book',
  reading: 'book',
  cup: 'cup',
  coffee: 'cup',
  tea: 'cup',
  mug: 'cup',
  lighthouse: 'lighthouse',
  boat: 'boats',
  boats: 'boats',
  ship: 'boats',
  harbour: 'boats',
  harbor: 'boats',
  vase: 'vase',
  flowers: 'vase',
  flower: 'vase',
  bottle: 'bottle',
  perfume: 'bottle',
  glass: 'bottle',
  watch: 'watch',
  window: 'window',
  lamp: 'lamp',
  lamplight: 'lamp',
  candle: 'lamp',
  rain: 'rain',
  storm: 'rain',
  fog: 'fog',
  misty: 'fog',
  snow: 'snow',
  winter: 'snow',
  sign: 'sign',
  bakery: 'sign',
}
