import type { Capabilities } from '@stagewright/core'
import { describe, expect, it } from 'vitest'

import { mergeCapabilities, stillTold } from '../../src/pool/merge.js'
import { fakes, poolOf, prompts, draw, servers, until } from './servers.js'

/** A server that lists files: name → the hash that it tells, if any, and its other names. */
function server(
  name: string,
  files: Readonly<Record<string, readonly [hash: string, ...string[]]>>,
) {
  const entries = Object.entries(files)
  const hashes = entries.flatMap(([file, [hash]]) => (hash === '' ? [] : [[file, hash] as const]))
  const aliases = entries.flatMap(([file, [, ...others]]) => others.map((one) => [one, file]))
  const capabilities: Capabilities = {
    operations: ['txt2img'],
    slots: [],
    grid: { multiple: 8, round: 'down' },
    resources: { model: Object.keys(files) },
    aliases: { model: Object.fromEntries(aliases) as Record<string, string> },
    refused: {},
    current: { model: Object.keys(files)[0] },
    identity: { hashes: { model: Object.fromEntries(hashes) } },
  }
  return { name, capabilities }
}

type Servers = Parameters<typeof mergeCapabilities>[0]

/** By each of these names, the one that a pool of the servers in any order goes by, and the hash of its key. */
function known(of: Servers, names: readonly string[]) {
  const orders = [of, of.toReversed() as unknown as Servers]
  return orders.map((order) => {
    const { aliases, identity } = mergeCapabilities(order)
    return names.map((name) => {
      const one = aliases?.['model']?.[name] ?? name
      return [one, identity?.hashes?.['model']?.[one]]
    })
  })
}

describe('two files', () => {
  it('of one server stay two, though another calls one of them by a name of each', () => {
    const a = server('a', { x: ['', 'x.ckpt'] })
    const b = server('b', { 'best/x': ['', 'x.ckpt'], x: [''] })
    for (const [best, x] of known([a, b], ['best/x', 'x'])) expect(best).not.toEqual(x)
  })

  it('that are listed under one name somewhere stay two under the other names of theirs', () => {
    const all: Servers = [
      server('a', { x: ['h1'] }),
      server('b', { 'a/x': ['h1', 'x'] }),
      server('c', { x: ['h2'] }),
      server('d', { 'b/x': ['h2', 'x'] }),
    ]
    const hashes = known(all, ['a/x', 'b/x'])
    expect(hashes).toEqual(
      hashes.map(() => [
        ['a/x', 'h1'],
        ['b/x', 'h2'],
      ]),
    )
  })

  it('are not one because a third file, of unknown hash, shares a name with each', () => {
    const all: Servers = [
      server('a', { p: ['h1', 'm'] }),
      server('b', { q: ['', 'm', 'n'] }),
      server('c', { r: ['h2', 'n'] }),
    ]
    const hashes = known(all, ['p', 'r'])
    expect(hashes).toEqual(
      hashes.map(() => [
        ['p', 'h1'],
        ['r', 'h2'],
      ]),
    )
  })
})

it('one file is one, however many servers lie between its names, in whichever order they are given', () => {
  const all: Servers = [
    server('a', { p: [''] }),
    server('b', { q: [''] }),
    server('c', { p: ['', 'q'] }),
  ]
  for (const [p, q] of known(all, ['p', 'q'])) expect(p).toEqual(q)
})

it('what is left unset is not pinned to a name that means two files where another is there', () => {
  const { current } = mergeCapabilities([
    server('a', { x: ['h1'] }),
    server('b', { x: ['h2'] }),
    server('c', { y: ['h3'] }),
  ])
  expect(current?.model).toBe('y')
})

it('a server that comes later under another listing is known to have what it has', async () => {
  const { a, b } = await fakes({
    a: { dialect: 'forge', models: ['juggernaut.safetensors'] },
    b: { dialect: 'forge', models: ['best/juggernaut.safetensors'] },
  })
  await b.crash()
  const both = poolOf({ a, b }, { describeEvery: 60_000 })
  await both.describe()
  await b.restart()
  await until(() => servers(both)['b']?.state === 'idle', both)
  expect(servers(both)['b']?.models).toEqual(servers(both)['a']?.models)
  const model = 'juggernaut'
  await Promise.all([1, 2, 3, 4].map((seed) => draw(both, { model, seed })))
  expect(Math.min(prompts(a).length, prompts(b).length)).toBeGreaterThan(0)
  expect(servers(both)).toMatchObject({ a: { loads: 0 }, b: { loads: 0 } })
})

it('a server that would change the one name of a file does not come among what was told', () => {
  const [a, b] = [server('a', { 'a/y.ckpt': ['', 'y'] }), server('b', { y: [''] })]
  const told = mergeCapabilities([b])
  expect(stillTold(told, mergeCapabilities([a, b]))).toBe(false)
  expect(stillTold(told, mergeCapabilities([b, a]))).toBe(true)
})
