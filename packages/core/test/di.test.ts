import { createPipeline, isPipelineError, Phase, provide, Stage, token } from '@stagewright/core'
import { createScope, inject, injectable, provideClass } from '@stagewright/core/di'
import { describe, expect, test } from 'vitest'

import { recordingBackend } from './recording-backend.js'
import { draw, plain } from './stages.js'

interface Clock {
  readonly now: string
}
const Clock = token<Clock>('Clock')
const Name = token<string>('Name')
const Greeter = token<{ greet(): string }>('Greeter')

@injectable()
class DecoratedGreeter {
  readonly #name: string
  readonly #clock: Clock
  constructor(@inject(Name) name: string, @inject(Clock) clock: Clock) {
    this.#name = name
    this.#clock = clock
  }
  greet(): string {
    return `${this.#name} at ${this.#clock.now}`
  }
}

class PlainGreeter {
  readonly #name: string
  constructor(name: string) {
    this.#name = name
  }
  greet(): string {
    return this.#name
  }
}

class Broken extends Error {
  readonly code = 'ACME_BROKEN'
}

describe('a scope', () => {
  test('makes a service once, when it is first needed', () => {
    let made = 0
    const scope = createScope([provide(Clock, () => ({ now: String(++made) }))])
    expect(made).toBe(0)
    expect(scope.get(Clock)).toBe(scope.get(Clock))
    expect(made).toBe(1)
  })

  test('builds classes by decorators, or by tokens checked against the constructor', () => {
    const services = [provide(Name, () => 'Ada'), provide(Clock, () => ({ now: 'noon' }))]
    expect(
      createScope([...services, provideClass(Greeter, DecoratedGreeter)])
        .get(Greeter)
        .greet(),
    ).toBe('Ada at noon')
    expect(
      createScope([...services, provideClass(Greeter, PlainGreeter, [Name])])
        .get(Greeter)
        .greet(),
    ).toBe('Ada')
    // @ts-expect-error a token of the wrong type
    provideClass(Greeter, PlainGreeter, [Clock])
  })

  test('refuses a parameter without @inject, where tsyringe would hand over undefined', () => {
    expect(() => provideClass(Greeter, PlainGreeter)).toThrow(
      expect.objectContaining({
        code: 'SW_DI_MISSING_INJECT',
        details: { class: 'PlainGreeter', position: 0 },
      }),
    )
  })

  test('shows a child its parent’s services, and merges them in all()', () => {
    const parent = createScope([provide(Name, () => 'parent')])
    const child = parent.child([provide(Name, () => 'child')])
    expect(child.get(Name)).toBe('child')
    expect(parent.get(Name)).toBe('parent')
    expect(child.all(Name).map(({ value }) => value)).toEqual(['parent', 'child'])
    expect(parent.child([]).get(Name)).toBe('parent')
  })

  test('builds a parent’s service from what the parent sees, even when a child asks first', () => {
    const parent = createScope([
      provide(Name, () => 'parent'),
      provide(Clock, () => ({ now: 'x' })),
      provideClass(Greeter, DecoratedGreeter),
    ])
    const child = parent.child([provide(Name, () => 'child')])
    expect(child.get(Greeter).greet()).toBe('parent at x')
  })

  test('keeps class and code of an error that a factory throws, through a constructor too', () => {
    const scope = createScope([
      provide(Name, () => {
        throw new Broken('no name')
      }),
      provide(Clock, () => ({ now: 'x' })),
      provideClass(Greeter, DecoratedGreeter),
    ])
    expect(() => scope.get(Greeter)).toThrow(Broken)
    expect(() => scope.child([]).get(Greeter)).toThrow(
      expect.objectContaining({ code: 'ACME_BROKEN' }),
    )
  })

  test('names what is missing and who wants it, and a ring of services', () => {
    const scope = createScope([provide(Greeter, (get) => new PlainGreeter(get(Name)))])
    expect(() => scope.get(Greeter)).toThrow(
      expect.objectContaining({
        code: 'SW_DI_NOT_PROVIDED',
        details: expect.objectContaining({ token: 'Name', wantedBy: 'Greeter' }) as unknown,
      }),
    )
    const ring = createScope([
      provide(Name, (get) => get(Greeter).greet()),
      provide(Greeter, (get) => new PlainGreeter(get(Name))),
    ])
    expect(() => ring.get(Name)).toThrow(
      expect.objectContaining({
        code: 'SW_DI_CYCLE',
        details: { cycle: ['Name', 'Greeter', 'Name'] },
      }),
    )
  })

  test('disposes children before parents, services in reverse order, and goes on after an error', async () => {
    const ended: string[] = []
    const tracked = (name: string) =>
      provide(
        token<string>(name),
        () => name,
        (value) => void ended.push(value),
      )
    const one = tracked('one')
    const two = tracked('two')
    const bad = provide(
      token<number>('bad'),
      () => 1,
      () => {
        throw new Broken('dispose')
      },
    )
    const inChild = tracked('child')
    const parent = createScope([one, two, bad])
    const child = parent.child([inChild])
    child.get(inChild.token)
    parent.get(one.token)
    parent.get(bad.token)
    parent.get(two.token)
    await expect(parent[Symbol.asyncDispose]()).rejects.toThrow(Broken)
    expect(ended).toEqual(['child', 'two', 'one'])
    expect(() => child.get(one.token)).toThrow(expect.objectContaining({ code: 'SW_DI_DISPOSED' }))
    await parent[Symbol.asyncDispose]()
    expect(ended).toHaveLength(3)
  })
})

describe('a pipeline’s services', () => {
  const greeting = plain('greeting', Phase.Upscale, {
    inject: { name: Name },
    execute: (ctx, images) => {
      ctx.warn((ctx.services as { name: string }).name)
      return Promise.resolve(images)
    },
  })
  const config = { prompt: 'x', seed: 1, draw: {}, greeting: {} }

  test('reach the stage that asks for them, from services, scope or the stage itself', async () => {
    const backend = recordingBackend()
    const named = provide(Name, () => 'from services')
    const run = async (options: object) =>
      (await createPipeline({ backend, stages: [draw, greeting], ...options }).run(config)).warnings
    expect(await run({ services: [named] })).toEqual(['greeting: from services'])
    expect(await run({ scope: createScope([provide(Name, () => 'from scope')]) })).toEqual([
      'greeting: from scope',
    ])
    const own = plain('greeting', Phase.Upscale, {
      ...greeting.definition,
      provides: [provide(Name, () => 'its own')],
    })
    expect((await createPipeline({ backend, stages: [draw, own] }).run(config)).warnings).toEqual([
      'greeting: its own',
    ])
    const hosted = createPipeline({ backend, stages: [draw, own], services: [named] })
    expect((await hosted.run(config)).warnings).toEqual(['greeting: from services'])
  })

  test('are checked when the pipeline is built', () => {
    expect(() => createPipeline({ backend: recordingBackend(), stages: [draw, greeting] })).toThrow(
      expect.objectContaining({
        code: 'SW_DI_NOT_PROVIDED',
        message: 'greeting needs the service "Name", which nothing provides.',
      }),
    )
  })

  test('may be stages: providing one is the same as listing it, and a second of one name shows both origins', async () => {
    const backend = recordingBackend()
    const extra = plain('extra', Phase.Upscale)
    const pipeline = createPipeline({
      backend,
      stages: [draw],
      services: [provide(Stage, () => extra)],
    })
    const plan = await pipeline.plan({ prompt: 'x', draw: {}, extra: {} } as never)
    expect(plan.stages.map(({ name }) => name)).toEqual(['draw', 'extra'])
    const twice = () =>
      createPipeline({ backend, stages: [draw, extra], services: [provide(Stage, () => extra)] })
    expect(twice).toThrow(
      expect.objectContaining({
        code: 'SW_PLUGIN_DUPLICATE_STAGE',
        message: 'two stages are called "extra": stages[1] and services[0]',
      }),
    )
  })

  test('end with the pipeline; what the caller gave stays the caller’s', async () => {
    const ended: string[] = []
    const backend = {
      ...recordingBackend(),
      [Symbol.asyncDispose]: () => Promise.resolve(void ended.push('backend')),
    }
    const scope = createScope([
      provide(
        Clock,
        () => ({ now: 'x' }),
        () => void ended.push('app'),
      ),
    ])
    scope.get(Clock)
    const services = [
      provide(
        Name,
        () => 'x',
        () => void ended.push('service'),
      ),
    ]
    {
      await using pipeline = createPipeline({ backend, stages: [draw, greeting], services, scope })
      await pipeline.run(config)
    }
    expect(ended).toEqual(['service'])
    await createPipeline({ backend: () => backend, stages: [draw] })[Symbol.asyncDispose]()
    expect(ended).toEqual(['service', 'backend'])
  })

  test('are gone afterwards: a disposed pipeline refuses to run', async () => {
    const pipeline = createPipeline({ backend: recordingBackend(), stages: [draw] })
    await pipeline[Symbol.asyncDispose]()
    await expect(pipeline.run({ prompt: 'x', draw: {} })).rejects.toSatisfy(
      (error) => isPipelineError(error) && error.code === 'SW_RUN_DISPOSED',
    )
  })

  test.each([
    ['an older one', 0, 'the stage is older: update its package'],
    ['a newer one', 2, 'the stage is newer: update @stagewright/core'],
    ['none at all', undefined, 'what defineStage'],
  ])(
    'a stage made for %s of the contract is refused before anything of it is used',
    (_, contract, hint) => {
      const used: string[] = []
      const Own = token<string>('Own')
      const foreign = {
        ...plain('foreign', Phase.Upscale, {
          inject: { own: Own },
          provides: [provide(Own, () => (used.push('made'), 'x'))],
        }),
        contract,
      } as Stage
      const backend = () => (used.push('backend'), recordingBackend())
      const refused = expect.objectContaining({
        code: 'SW_PLUGIN_CONTRACT',
        kind: 'plugin',
        message: expect.stringContaining('stage "foreign" was made for contract version'),
        hint: expect.stringContaining(hint),
      })
      expect(() => createPipeline({ backend, stages: [draw, foreign] })).toThrow(refused)
      const services = [provide(Stage, () => foreign)]
      expect(() => createPipeline({ backend, stages: [draw], services })).toThrow(refused)
      expect(used).toEqual([])
    },
  )
})
