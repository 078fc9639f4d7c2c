import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

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

  test.each([['plan'], ['run'], ['doctor']])(
    '%s tells which server can do none of it, and why',
    async (command) => {
      const { code, err, out } = await place.cli([
        command,
        'chain.yaml',
        '--pool',
        `${a.url},${b.url}`,
        '--set',
        'adetailer.units=[{ad_model: face_yolov8n.pt}]',
      ])
      // What b lacks is one stage of two.
      expect([code, /can make none/.test(err + out)]).toEqual([0, false])
      await b.close()
      b = await startFakeWebui({ dialect: 'forge', tinyPictures: true, models: ['other.ckpt'] })
      const second = await place.cli([command, 'chain.yaml', '--pool', `${a.url},${b.url}`])
      const told = `! ${new URL(b.url).host} can make none of these calls: lacks model "v1-5-pruned-emaonly.safetensors"`
      expect(second).toMatchObject({ code: 0 })
      expect((second.err + second.out).replaceAll(/\n {4}/g, ' ')).toContain(told)
    },
  )

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
      stdout: { write, isTTY: true, columns: 120, rows: 5 },
    })
    expect(code).toBe(0)
    // As long as it changes, no more of it than the terminal has rows for.
    expect(out).toMatch(/ queued; 1 more server: /)
    expect(
      out
        .split('server ')
        .at(-1)
        ?.match(/^127\.0\.0\.1:/gm),
    ).toHaveLength(2)
    expect(out).toMatch(/server +model +job +queue +loads +idle +done\n/)
    expect(out).toMatch(/127\.0\.0\.1:\d+ +v1-5-pruned-emaonly +txt2img \d+ %/)
  })

  test('makes the cells of a sweep on all servers at once, with the table, and tells each server', async () => {
    await place.put('sweep.yaml', `${chain}sweep: { axes: { steps: 1..4 } }\n`)
    for (const fake of [a, b]) fake.faults.add({ kind: 'stall', at: 'during' })
    let shown = ''
    const running = place.cli(
      ['run', 'sweep.yaml', '--pool', `${a.url},${b.url}`, '--json', '--set', 'n_iter=1'],
      { stderr: { write: (text) => (shown += text), isTTY: true, columns: 80 } },
    )
    // Each is at a cell before any has ended.
    await Promise.all([a, b].map((fake) => fake.until(({ queue }) => queue > 0)))
    for (const fake of [a, b]) fake.faults.release()
    const { code, lines } = await running
    expect([code, made(a) + made(b)]).toEqual([0, 4])
    const status = lines.find(({ type }) => type === 'pool') as { servers: { done: number }[] }
    expect(status.servers.map(({ done }) => done)).toEqual([made(a), made(b)])
    expect(shown).toMatch(/server +model +job +queue +loads +idle +done\n/)
    expect(shown).toMatch(/cell \d \(1 of 4\)[^]*cell \d \(4 of 4\)/)
  })

  test('tells of each cell which server made it, also where it is kept: as text, in the table and as JSON', async () => {
    await place.put('sweep.yaml', `${chain}sweep: { axes: { steps: [2, 3] } }\n`)
    const argv = ['sweep.yaml', '--pool', `${a.url},${b.url}`, '--set', 'n_iter=1']
    const [onA, onB] = [a, b].map(({ url }) => new URL(url).host)
    const either = `(?:${onA}|${onB})`
    const { out } = await place.cli(['run', ...argv])
    const told = [
      ...out.matchAll(new RegExp(`cell (\\d) .*  done on (${either}): 1 made, 0 kept`, 'g')),
    ]
    expect(told).toHaveLength(2)
    const again = await place.cli(['run', ...argv, '--json'])
    const { cells, table } = again.lines.findLast(({ type }) => type === 'sweep-finished') as {
      cells: { cell: number; servers: string[]; calls_kept: number }[]
      table: string
    }
    expect(cells.map((one) => one.calls_kept)).toEqual([1, 1])
    expect(cells.map(({ cell, servers }) => [String(cell), ...servers])).toEqual(
      told
        .map(([, cell, server]) => [cell, server])
        .toSorted(([x = ''], [y = '']) => (x < y ? -1 : 1)),
    )
    expect(await readFile(table, 'utf8')).toMatch(new RegExp(`,servers,.*\r\n1,done,.*,${either},`))
    const shown = await place.cli(['show', dirname(table)])
    expect(shown.out).toMatch(new RegExp(`ON +PICTURES[^]*\\n1 +done +2 +${either} `))
    const plain = await place.cli(['run', 'chain.yaml', '--no-cache', ...argv.slice(1, 3)])
    expect(plain.out).toMatch(new RegExp(`4 of 64x64 · on ${either}`))
  })

  test('an address without its protocol is told with it', async () => {
    const { err } = await place.cli(['run', 'chain.yaml', '--pool', `${a.url},127.0.0.1:7860`])
    expect(err).toContain('write the whole address: http://127.0.0.1:7860')
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
    await place.put('stagewright.config.yaml', `backends: { one: { url: ${a.url}/ } }\n`)
    const same = await place.cli(['run', 'chain.yaml', '--pool', `one,${a.url}`])
    expect([same.code, same.err]).toEqual([2, expect.stringContaining(`are both ${a.url}`)])
    expect(made(a)).toBe(0)
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

describe('--lenient with --pool', () => {
  const named = async (models: Readonly<Record<string, FakeWebui>>): Promise<void> => {
    const lines = Object.entries(models).map(([name, { url }]) => `  ${name}: { url: ${url} }`)
    await place.put('stagewright.config.yaml', `backends:\n${lines.join('\n')}\n`)
  }
  const wrong = `${chain.replace('txt2img:', 'txt2img: { sampler_name: Eulr a }')}model: none-such\n`
  const argv = ['run', 'wrong.yaml', '--pool', 'a,b', '--lenient']

  test('without it every name that no server has is refused, with each one’s reason', async () => {
    await named({ a, b })
    await place.put('wrong.yaml', wrong)
    const { code, err } = await place.cli(argv.slice(0, -1))
    expect(code).toBe(3)
    expect(err).toContain('model: no server has model "none-such": a lacks it, b lacks it')
    expect(err).toContain('no server has sampler "Eulr a": a lacks it, b lacks it')
    expect(made(a) + made(b)).toBe(0)
  })

  test('with it each becomes one warning that is recorded and tells every server', async () => {
    await named({ a, b })
    await place.put('wrong.yaml', wrong)
    const { code, lines, err } = await place.cli([...argv, '--json'])
    expect(code).toBe(0)
    const warnings = lines.at(-1)?.['warnings'] as string[]
    for (const name of ['Eulr a', 'none-such'])
      expect(
        warnings.filter((text) => text.includes(name) && /no server has|has no/.test(text)),
      ).toEqual([expect.stringMatching(/ "[\w -]+": a lacks it, b lacks it$/)])
    expect(err).toContain('! model: no server has model "none-such": a lacks it, b lacks it')
    const planned = await place.cli(['plan', ...argv.slice(1)])
    expect([planned.code, planned.err]).toEqual([0, expect.stringContaining('! model: no server')])
  })

  test('a call still goes to the server that has what it names', async () => {
    await using c = await startFakeWebui({
      dialect: 'forge',
      tinyPictures: true,
      models: ['rare.safetensors'],
    })
    await named({ a, b: c })
    await place.put('wrong.yaml', `${chain}model: rare\n`)
    const { code, lines } = await place.cli([...argv, '--json'])
    expect([code, lines.at(-1)?.['warnings']]).toEqual([0, []])
    expect([made(a), made(c)]).toEqual([0, 4])
  })

  test('what no server has together is made where the least is missing', async () => {
    const fake = (loras: string[]) =>
      startFakeWebui({ dialect: 'forge', tinyPictures: true, loras })
    await using c = await fake(['ink'])
    await using d = await fake(['oil', 'fog'])
    await named({ a: c, b: d })
    const three = '"x <lora:ink:1> <lora:oil:1> <lora:fog:1>"'
    await place.put('wrong.yaml', chain.replace('"a lighthouse keeper"', three))
    const { code, lines } = await place.cli([...argv, '--json'])
    expect([code, made(c), made(d)]).toEqual([0, 0, 4])
    expect(lines.at(-1)?.['warnings']).toEqual([
      'no server has all that one call of txt2img needs: a lacks lora "oil", b lacks lora "ink"',
    ])
  })

  test('a call tells what more it went without, and on which server', async () => {
    await using c = await startFakeWebui({
      dialect: 'forge',
      tinyPictures: true,
      models: ['rare.safetensors'],
      loras: [],
    })
    await using d = await startFakeWebui({ dialect: 'forge', tinyPictures: true, loras: ['ink'] })
    await named({ a: c, b: d })
    const two = '"x <lora:ink:1> <lora:nobody:1>"'
    await place.put('wrong.yaml', `${chain.replace('"a lighthouse keeper"', two)}model: rare\n`)
    const { code, lines } = await place.cli([...argv, '--json'])
    expect(code).toBe(0)
    const warnings = lines.at(-1)?.['warnings'] as string[]
    expect(warnings).toContain('prompt: no server has lora "nobody": a lacks it, b lacks it')
    // Each lacks one more: which one is told by every call that goes without it.
    const left = warnings.filter((text) => !text.includes('nobody'))
    expect(
      left.filter((text) => text.includes('a: prompt: the backend has no lora "ink"')),
    ).toHaveLength(made(c))
    expect(
      left.filter((text) => text.includes('b: model: the backend has no model "rare"')),
    ).toHaveLength(made(d))
    expect([made(c) + made(d), left.length]).toEqual([4, 4])
  })

  test('what no server can do at all stays an error', async () => {
    await named({ a: b })
    await place.put('wrong.yaml', `${chain}adetailer: { units: [{ ad_model: nobody.pt }] }\n`)
    const { code, err } = await place.cli(['run', 'wrong.yaml', '--pool', 'a', '--lenient'])
    expect([code, err]).toEqual([3, expect.stringContaining('a has no detail operation')])
  })
})
