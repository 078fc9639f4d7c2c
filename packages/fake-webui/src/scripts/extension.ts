import { extensionGet, extensionPost } from '../http/route.js'
import type { Picture } from '../pictures/picture.js'
import { decoded } from '../pictures/picture.js'
import type { Script, ScriptArg } from './script.js'

/** An extension as a test describes it. */
export interface FakeExtension {
  /** As it stands in `alwayson_scripts`, in any case. */
  readonly title: string
  /** The arguments of its page with their defaults; a request lays its own over them by position. */
  readonly args: readonly ScriptArg[]
  readonly tabs?: readonly ('txt2img' | 'img2img')[]
  /** `GET /acme/v1/version` → what it answers: a value, or a function of the JSON body, which may
   *  be asynchronous. */
  readonly routes?: Readonly<Record<string, unknown>>
  /** What it does to each finished picture: PNG bytes in, any picture's bytes out; undefined leaves it as it is.
   *  What it throws is swallowed, as the servers do. */
  readonly effect?: (
    png: Uint8Array,
    args: readonly unknown[],
    about: EffectContext,
  ) => Promise<Uint8Array | undefined> | Uint8Array | undefined
}

export interface EffectContext {
  readonly kind: 'txt2img' | 'img2img'
  /** Which picture of the job, from 0. */
  readonly index: number
  readonly seed: number
  readonly prompt: string
}

/** Makes an always-on script of it, for `startFakeWebui({ extensions })`.
 *  @throws {TypeError} for a route that is not written `GET /path` or `POST /path` */
export function fakeExtension(extension: FakeExtension): Script {
  const { title, args, tabs = ['txt2img', 'img2img'], routes = {}, effect } = extension
  return {
    title,
    alwayson: true,
    tabs,
    args: () => args,
    routes: Object.entries(routes).map(([name, answer]) => {
      const [, method, path] = /^(GET|POST) (\/\S*)$/u.exec(name) ?? []
      if (path === undefined)
        throw new TypeError(`the route "${name}" of ${title} is not written "GET /path"`)
      const make = method === 'GET' ? extensionGet : extensionPost
      return make(path, async ({ body }) => ({
        json:
          typeof answer === 'function'
            ? await (answer as (body: unknown) => unknown)(body)
            : answer,
      }))
    }),
    ...(effect === undefined
      ? {}
      : {
          image: async (picture, index, given, job): Promise<Picture> => {
            const about = {
              kind: job.kind,
              index,
              seed: job.seeds[index]!,
              prompt: job.prompts[index]!,
            }
            try {
              const made = await effect(picture.png, given, about)
              return made === undefined ? picture : ((await decoded(made)) ?? picture)
            } catch (error) {
              job.exchange.ignore(
                `alwayson_scripts.${title}`,
                `it raised, and the server went on: ${String(error)}`,
              )
              return picture
            }
          },
        }),
  }
}
