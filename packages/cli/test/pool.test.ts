import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const chain = `
prompt: "a lighthouse keeper"
seed: 41
width: 64
height: 64
steps: 2
n_iter: 4
txt2img:
`

let place: Workplace
let a: FakeWebui
let b: FakeWebui
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('chain.yaml', chain)
  ;[a, b] = await Promise.all([
    startFakeWebui({ dialect: 'forge', tinyPictures: true }),
    startFakeWebui({ dialect: 'forge', tinyPictures: true, adetailer: false }),
  ])
})
afterEach(async () => {
  await Promise.all([a.close(), b.close()])
  await place[Symbol.asyncDispose]()
})

const made = ({ requests }: FakeWebui): number =>
  requests.filter(({ path }) => path === '/sdapi/v1/txt2img').length

describe('--pool', () => {
  test('runs on the servers it names, and says how to run again', async () => {
    const { code, err, out } = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},${b.url}`])
    expect([code, err]).toEqual([0, ''])
    expect(made(a) + made(b)).toBe(4)
    expect(out).toContain(`--pool ${a.url},${b.url}\n`)
  })

  test('takes names of the config file, and the list of its own as --backend pool', async () => {
    await place.put(
      'stagewright.config.yaml',
      `backends:\n  one: { url: ${a.url} }\n  two: { url: ${b.url} }\npool: [one, two]\n`,
    )
    const named = await place.cli(['run', 'chain.yaml', '--pool', 'one, two', '--json'])
    expect([named.code, named.err.includes('!')]).toEqual([0, false])
    const status = named.lines.find(({ type }) => type === 'pool') as {
      servers: { name: string; done: number }[]
    }
    expect(status.servers.map(({ name }) => name)).toEqual(['one', 'two'])
    expect(status.servers.reduce((sum, { done }) => sum + done, 0)).toBe(4)
    const listed = await place.cli(['run', 'chain.yaml', '--backend', 'pool'])
    expect(listed.code).toBe(0)
    expect(listed.out).toContain('--backend pool\n')
  })

  test('goes on when a server dies, and tells it', async () => {
    a.faults.add({ kind: 'crash', at: 'during' })
    const { code, out } = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},${b.url}`])
    expect(code).toBe(0)
    expect(out).toMatch(/! 127\.0\.0\.1:\d+ is down: .*; asked again in/)
    expect(out).toContain('4 of 64x64')
  })

  test('shows a table on a terminal: server, model, job, queue, loads, idle', async () => {
    let out = ''
    for (const fake of [a, b]) fake.faults.add({ kind: 'stall', at: 'during' })
    const write = (text: string): void => {
      out += text
      if (!/ txt2img \d+ %/.test(text)) return
      a.faults.release()
      b.faults.release()
    }
    const { code } = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},${b.url}`], {
      stdout: { write, isTTY: true, columns: 120 },
    })
    expect(code).toBe(0)
    expect(out).toMatch(/server +model +job +queue +loads +idle +done\n/)
    expect(out).toMatch(/127\.0\.0\.1:\d+ +v1-5-pruned-emaonly +txt2img \d+ %/)
  })

  test('beside --backend is refused, as are names that nobody has', async () => {
    const both = await place.cli(['run', 'chain.yaml', '--pool', a.url, '--backend', b.url])
    expect([both.code, both.err]).toEqual([
      2,
      expect.stringContaining('SW_CLI_POOL_AND_BACKEND') as string,
    ])
    const unknown = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},nobody`])
    expect(unknown.err).toContain('there is no backend "nobody"')
    const twice = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},${a.url}`])
    expect(twice.err).toContain('SW_POOL_MEMBERS')
  })

  test('a list that is none is refused with its place', async () => {
    await place.put('stagewright.config.yaml', 'pool: one\n')
    const { code, err } = await place.cli(['run', 'chain.yaml', '--backend', 'pool'])
    expect(code).toBe(2)
    expect(err).toContain('pool is no list of names')
  })
})

describe('doctor --pool', () => {
  test('shows every server, also one that is down, and what they can do together', async () => {
    await b.crash()
    const { code, out } = await place.cli(['doctor', 'chain.yaml', '--pool', `${a.url},${b.url}`])
    expect(code).toBe(0)
    expect(out).toMatch(/127\.0\.0\.1:\d+ +http:\S+ +Forge/)
    expect(out).toMatch(/127\.0\.0\.1:\d+ +http:\S+ +down +no connection/)
    expect(out).toContain('chain.yaml, ready: 1 stage')
  })

  test('says what no server has, with the reason of each', async () => {
    await place.put('detail.yaml', `${chain}adetailer: { units: [{ ad_model: nobody.pt }] }\n`)
    const { code, err } = await place.cli(['doctor', 'detail.yaml', '--pool', `${a.url},${b.url}`])
    expect(code).toBe(3)
    expect(err).toMatch(
      /no server has detector "nobody.pt": 127\.0\.0\.1:\d+ lacks it, 127\.0\.0\.1:\d+ has no detail operation/,
    )
  })
})
