/** A file name that every system takes: letters, digits, dot, dash and underscore, at most `most` of them. */
export function safeName(text: string, most: number): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^\w.-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
  return plain.slice(0, most).replace(/[-.]+$/, '') || 'run'
}

/** `20251123-174205`, in local time. */
export function timeStamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

/** `01-s20251123.png`: the place of a picture among `count`, from 1, and its seed. */
export function pictureName(at: number, count: number, seed: number, mediaType: string): string {
  const number = String(at + 1).padStart(Math.max(2, String(count).length), '0')
  return `${number}-s${seed}${endingOf(mediaType)}`
}

/** `.png` and the like. */
export function endingOf(mediaType: string): string {
  return endings[mediaType] ?? '.png'
}

const endings: Readonly<Record<string, string>> = {
  'image/png': '.png',
  'image/jpeg': '.jpg',
  'image/webp': '.webp',
}
