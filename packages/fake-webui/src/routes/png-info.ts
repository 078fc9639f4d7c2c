import type { Exchange, Reply } from '../http/exchange.js'
import { get, post, type Route } from '../http/route.js'
import { validated } from '../http/validate.js'
import { bytesOf, pictureIn, textIn } from '../pictures/encode.js'
import type { World } from '../world.js'

export function pngInfoRoutes({ dialect }: World): readonly Route[] {
  return [
    post('/sdapi/v1/png-info', (exchange, world) => pngInfo(exchange.body, world)),
    ...(dialect.name === 'sdnext'
      ? [
          get('/sdapi/v1/png-info', ({ query }: Exchange, world: World) =>
            pngInfo({ image: query.get('image') ?? '' }, world),
          ),
        ]
      : []),
  ]
}

/** Reads a picture's text without waiting for the lock. */
async function pngInfo(body: unknown, { dialect }: World): Promise<Reply> {
  const image = { type: 'str' as const, default: null, required: true }
  const { image: given } = validated(body, { image }, dialect)
  const bytes = bytesOf(given)
  await pictureIn(given)
  const items = await textIn(bytes)
  const info = items['parameters'] ?? ''
  return { json: { info, items, parameters: info === '' ? {} : parametersIn(info) } }
}

/** What the servers add though the picture does not say it. Source: the reference names these among about 15. */
const assumed: Readonly<Record<string, string | number>> = {
  'Clip skip': '1',
  'Hires resize-1': 0,
  'Hires resize-2': 0,
  'Hires sampler': 'Use same sampler',
  'Hires schedule type': 'Use same scheduler',
  'Hires checkpoint': 'Use same checkpoint',
  'Hires prompt': '',
  'Hires negative prompt': '',
  'Schedule type': 'Automatic',
  RNG: 'GPU',
}

const pair = /\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/gu

/** An infotext taken apart: prompts, and pairs, with sizes split in two. */
export function parametersIn(text: string): Record<string, unknown> {
  const lines = text.trim().split('\n')
  const last = lines.at(-1) ?? ''
  const hasPairs = [...last.matchAll(pair)].length >= 3
  const head = hasPairs ? lines.slice(0, -1) : lines
  const at = head.findIndex((line) => line.startsWith('Negative prompt:'))
  const prompt = (at < 0 ? head : head.slice(0, at)).join('\n')
  const negative = at < 0 ? '' : head.slice(at).join('\n').replace('Negative prompt:', '').trim()
  const parameters: Record<string, unknown> = { Prompt: prompt, 'Negative prompt': negative }
  for (const [, key, raw] of hasPairs ? last.matchAll(pair) : []) {
    const value = unquoted(raw!.trim())
    const size = /^(\d+)x(\d+)$/u.exec(value)
    if (size === null) parameters[key!] = value
    else {
      parameters[`${key!}-1`] = size[1]
      parameters[`${key!}-2`] = size[2]
    }
  }
  return { ...assumed, ...parameters }
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value
  try {
    return String(JSON.parse(value))
  } catch {
    return value
  }
}
