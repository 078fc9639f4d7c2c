import { cp, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const small = (prompt: string) => `
prompt: "${prompt}"
seed: 41
width: 64
height: 64
steps: 4
txt2img:
`
const at = (minute: number) => () => new Date(2025, 10, 23, 12, minute)

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('keeper.yaml', small('a lighthouse keeper'))
  await place.put('harbour.yaml', small('a harbour at dusk'))
  await place.cli(['run', 'keeper.yaml'], { now: at(0) })
  await place.cli(['run', 'harbour.yaml'], { now: at(1) })
})
afterEach(() => place[Symbol.asyncDispose]())

const keeper = '20251123-120000-keeper'
const harbour = '20251123-120100-harbour'

describe('history', () => {
  test('lists the runs, the newest first, with what made them', async () => {
    const { out } = await place.cli(['history'])
    const [head = '', ...rows] = out.trim().split('\n')
    expect(head.split(/\s+/)).toEqual([
      'RUN',
      'WHEN',
      'STATUS',
      'PICTURES',
      'TIME',
      'MODEL',
      'ON',
      'PROMPT',
    ])
    expect(rows.map((row) => row.split(/\s+/)[0])).toEqual([harbour, keeper])
    expect(rows[0]).toMatch(/ 2025-11-23 12:01 +done +1 +\d.* sketch +sketch +a harbour at dusk$/)
  })

  test('names the server that a run was made on, and fits the terminal', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await place.cli(['run', 'keeper.yaml', '--backend', fake.url], { now: at(2) })
    const listed = async (columns?: number) => {
      let out = ''
      await place.cli(['history'], { stdout: { write: (text) => (out += text), columns } })
      return out.trim().split('\n')
    }
    expect((await listed())[1]).toContain(` forge ${new URL(fake.url).host} `)
    const narrow = await listed(60)
    expect(narrow.map((line) => line.length)).toEqual([60, 60, 60, 60])
  })

  test('lists the best-rated pictures, also of one week, or of some runs', async () => {
    await place.cli(['rate', `out/${keeper}/final/01-s41.png`, '3'])
    await place.cli(['rate', `out/${harbour}/final/01-s41.png`, '5'])
    const { out } = await place.cli(['history', '--best'])
    expect(out.split('\n').map((row) => row.split(' ')[0])).toEqual(['★★★★★', '★★★', ''])
    const { lines } = await place.cli(['history', '--best', '--rating', '4', '--json'])
    expect(lines[0]).toMatchObject({ pictures: [{ rating: 5 }] })
    const first = async (...options: string[]) =>
      (await place.cli(['history', '--best', ...options])).out.trim().split('\n')[0]
    expect(await first('--text', 'keeper')).toMatch(/^★★★ /)
    expect(await first('--until', '2025-11-23T12:01:00')).toMatch(/^★★★ /)
    expect(await first('--since', '2025-11-24')).toBe('no rated picture fits: leave out an option')
  })

  test('finds runs by the words of their prompts, by time and by rating', async () => {
    const found = async (...argv: string[]) => {
      const { lines } = await place.cli(['history', '--json', ...argv])
      return ((lines[0] ?? {})['runs'] as { name: string }[]).map(({ name }) => name)
    }
    expect(await found('--text', 'lighthouse')).toEqual(['keeper'])
    expect(await found('--since', '2025-11-23T12:01')).toEqual(['harbour'])
    expect(await found('--rating', '4')).toEqual([])
    await place.cli(['rate', `out/${keeper}/final/01-s41.png`, '4'])
    expect(await found('--rating', '4')).toEqual(['keeper'])
  })

  test('is made anew from the folders when its file is no database any more', async () => {
    await writeFile(join(place.path, 'out/.stagewright/history.db'), 'nonsense')
    const { code, out, err } = await place.cli(['history'])
    expect([code, err]).toEqual([0, expect.stringContaining('made anew from 2 runs')])
    expect(out).toContain(keeper)
  })

  test('says what to do where there is no run, and what is wrong with a date', async () => {
    expect((await place.cli(['history', '--out', 'nowhere'])).out).toContain(
      'no run in nowhere yet',
    )
    for (const date of ['soon', '2', '2025-13-01']) {
      const { code, err } = await place.cli(['history', '--since', date])
      expect([code, err]).toEqual([2, expect.stringContaining('SW_CLI_BAD_DATE')])
    }
  })
})

describe('show', () => {
  test('tells a run: how it ended, its plan, its stages and its pictures', async () => {
    const { out } = await place.cli(['show', keeper])
    expect(out).toMatch(/^run +20251123-120000-keeper\nstatus +done\n/)
    expect(out).toContain('1. txt2img')
    expect(out).toMatch(/txt2img +done +[\d.]+ s +1 call\n/)
    expect(out).toContain('final/01-s41.png  64x64  seed 41')
    expect(out).toContain(`run again      stagewright run out/${keeper}/run.yaml\n`)
  })

  test('tells which calls were kept, and in whose calls a merged stage is', async () => {
    const hires = '{ enable_hr: true, hr_scale: 2, hr_upscaler: Lanczos, denoising_strength: 0.3 }'
    await place.put('hires.yaml', `${small('a lighthouse keeper')}refiner: ${hires}\n`)
    await place.cli(['run', 'hires.yaml'], { now: at(2) })
    await place.cli(['run', 'hires.yaml'], { now: at(3) })
    const { out } = await place.cli(['show', '20251123-120300'])
    expect(out).toMatch(/txt2img +done +[\d.]+ s +1 call, kept from before\n/)
    expect(out).toMatch(/refiner +done +in the calls of txt2img\n/)
  })

  test('tells of each picture of a batch its own seed and settings', async () => {
    await place.cli(['run', 'keeper.yaml', '--set', 'batch_size=2'], { now: at(2) })
    const second = 'out/20251123-120200-keeper/final/02-s42.png'
    const { lines } = await place.cli(['show', second, '--json'])
    expect(lines[0]).toMatchObject({ calls: [{ seed: 42 }], settings: { seed: 42 } })
  })

  test('knows a picture by its bytes, wherever a copy of it lies', async () => {
    await cp(join(place.path, `out/${keeper}/final/01-s41.png`), join(place.path, 'liked.png'))
    expect((await place.cli(['show', 'liked.png'])).out).toContain(`run       ${keeper} (done)`)
    const { out } = await place.cli(['rate', 'liked.png', '4'])
    expect(out).toBe(`out/${keeper}/final/01-s41.png ★★★★\n`)
    await place.put('foreign.png', 'no picture of ours')
    const { code, err } = await place.cli(['rate', 'foreign.png', '4'])
    expect([code, err]).toEqual([2, expect.stringContaining('SW_HISTORY_NO_SUCH_PICTURE')])
  })

  test('tells a picture: the way it went, and what made it', async () => {
    const { out } = await place.cli(['show', `out/${keeper}/final/01-s41.png`])
    expect(out).toMatch(/prompt +a lighthouse keeper\n/)
    expect(out).toMatch(/\n\ntxt2img +txt2img +seed 41 +[\d.]+ s\n$/)
  })

  test('says so where nothing has the name', async () => {
    const { code, err } = await place.cli(['show', 'nothing'])
    expect([code, err]).toEqual([2, expect.stringContaining('SW_CLI_NOTHING_NAMED')])
  })
})

test('plan says how long it is going to take, once there is a run to tell from', async () => {
  const { out } = await place.cli(['plan', 'keeper.yaml'])
  expect(out).toMatch(/\n\nabout [\d.]+ s \(from 2 earlier calls\)\n$/)
  const plan: unknown = JSON.parse((await place.cli(['plan', 'keeper.yaml', '--json'])).out)
  expect(plan).toMatchObject({ estimate: { missing: [], stages: [{ name: 'txt2img' }] } })
})

test('the bar of a run says how long it takes still, from the runs before', async () => {
  const cancel = new AbortController()
  let shown = ''
  const stdout = {
    isTTY: true,
    columns: 100,
    write: (text: string) => {
      shown += text
      if (text.includes(' left')) cancel.abort()
    },
  }
  const sizes = ['width=256', 'height=256', 'steps=150', 'n_iter=100']
  const argv = ['run', 'keeper.yaml', ...sizes.flatMap((one) => ['--set', one])]
  await place.cli(argv, { stdout, signal: cancel.signal, now: at(2) })
  expect(shown).toMatch(/txt2img +[█░]+ +\d+ %.*, \d.* left/)
})

test('a history that cannot be used is no reason for a run to fail', async () => {
  await rm(join(place.path, 'out/.stagewright/history.db'))
  await mkdir(join(place.path, 'out/.stagewright/history.db/in-the-way'), { recursive: true })
  const stdout = { isTTY: true, columns: 100, write: () => undefined }
  expect((await place.cli(['run', 'keeper.yaml'], { stdout, now: at(2) })).code).toBe(0)
  const { code, err } = await place.cli(['plan', 'keeper.yaml'])
  expect([code, err]).toEqual([0, expect.stringContaining('! the time cannot be estimated')])
})

test('rate keeps the stars in the run and adds a learning record', async () => {
  const { out } = await place.cli(['rate', `out/${keeper}/final/01-s41.png`, '5', '--note', 'calm'])
  expect(out).toBe(`out/${keeper}/final/01-s41.png ★★★★★ calm\n`)
  const record = JSON.parse(await place.read('out/learning_records.jsonl')) as {
    metadata: Record<string, unknown>
  }
  expect(record.metadata).toMatchObject({ rating: 5, note: 'calm' })
  expect((await place.cli(['history', '--best'])).out).toContain('★★★★★')
})

describe('cache', () => {
  test('verify finds a picture that was changed, and drops it when asked', async () => {
    const { lines } = await place.cli(['cache', 'list', '--json'])
    const [first] = (lines[0] ?? {})['pictures'] as { sha256: string }[]
    const digest = first?.sha256 ?? ''
    await writeFile(
      join(place.path, 'out/.stagewright/objects', digest.slice(0, 2), digest),
      'damaged',
    )
    const found = await place.cli(['cache', 'verify'])
    expect([found.code, found.out]).toEqual([1, expect.stringContaining('2 damaged; --repair')])
    expect((await place.cli(['cache', 'verify', '--repair'])).code).toBe(0)
    expect((await place.cli(['cache', 'verify'])).out).toContain('0 damaged')
  })

  test('prune tells what it would remove, and refuses a size that is none', async () => {
    const { out } = await place.cli(['cache', 'prune', '--to', '0', '--dry-run'])
    expect(out).toMatch(/^would remove 0 pictures/)
    expect((await place.cli(['cache', 'prune', '--to', 'much'])).err).toContain('SW_CLI_BAD_SIZE')
  })
})

describe('a run', () => {
  test('that was cancelled is taken up by resume, which makes only what is left', async () => {
    const cancel = new AbortController()
    let lines = ''
    const stdout = {
      write: (text: string) => {
        lines += text
        if (text.includes('"call-finished"')) cancel.abort()
      },
    }
    const argv = ['run', 'keeper.yaml', '--set', 'n_iter=3', '--no-cache', '--json']
    await place.cli(argv, { now: at(2), stdout, signal: cancel.signal })
    expect(lines).toContain('"status":"cancelled"')
    const { code, out } = await place.cli(['resume'])
    expect([code, out]).toEqual([0, expect.stringContaining('(cancelled; 1 call is kept)')])
    expect(out).toContain('(1 of 3 calls were kept from before)')
    expect((await place.cli(['resume'])).err).toContain('SW_CLI_NOTHING_TO_RESUME')
  })

  test('is made once more by rerun, with a change, in a folder of its own', async () => {
    const { code, out } = await place.cli(['rerun', keeper, '--set', 'steps=5'], { now: at(3) })
    expect([code, out]).toEqual([0, expect.stringContaining('20251123-120300-keeper')])
    expect(await place.read('out/20251123-120300-keeper/run.yaml')).toContain('steps: 5')
    expect((await place.cli(['rerun', 'nothing'])).err).toContain('SW_CLI_NO_SUCH_RUN')
  })
})
