import { startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const dialects = ['a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
})
afterEach(() => place[Symbol.asyncDispose]())

interface Report {
  readonly ok: boolean
  readonly dialect: string
  readonly latency_ms: number
  readonly inventory: Readonly<Record<string, { count: number | null; names: string[] }>>
  readonly stages: readonly { feature: string; is: string; how?: string }[]
  readonly warnings: readonly string[]
  readonly run_file?: object
  readonly error?: object
}

describe('doctor', () => {
  test.each(dialects)('knows %s for what it is, and counts what it has', async (dialect) => {
    await using fake = await startFakeWebui({ dialect })
    const { code, out } = await place.cli(['doctor', '--backend', fake.url, '--json'])
    const report = JSON.parse(out) as Report
    expect([code, report.ok, report.dialect]).toEqual([0, true, dialect])
    expect(report.latency_ms).toBeGreaterThan(0)
    for (const kind of ['model', 'sampler', 'scheduler', 'hires_upscaler']) {
      const { count, names } = report.inventory[kind] ?? { count: 0, names: [] }
      expect([kind, count]).toEqual([kind, names.length])
      expect(count).toBeGreaterThan(0)
    }
    const upscale = report.stages.find(({ feature }) => feature.startsWith('upscale'))
    expect(upscale?.is === 'no').toBe(dialect === 'sdcpp')
    const text = (await place.cli(['doctor', '--backend', fake.url])).out
    expect(text.split('\n')[0]).not.toMatch(/(\b\S+\b).* \1$/)
    for (const { is, how } of report.stages) if (is !== 'yes') expect(how).toBeTypeOf('string')
    expect(fake.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test('a stage whose extension is missing does not work there, with what to do', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', adetailer: false })
    const { out } = await place.cli(['doctor', '--backend', fake.url, '--json'])
    const { stages } = JSON.parse(out) as Report
    expect(stages.find(({ feature }) => feature === 'adetailer')).toMatchObject({
      is: 'no',
      how: expect.stringContaining('install the ADetailer extension'),
    })
  })

  test('warns of settings that change what comes back', async () => {
    await using fake = await startFakeWebui({
      dialect: 'a1111',
      samplesFormat: 'jpg',
      settings: { enable_pnginfo: false, eta_noise_seed_delta: 31337 },
    })
    const { code, out } = await place.cli(['doctor', '--backend', fake.url])
    expect(code).toBe(0)
    for (const key of ['samples_format', 'enable_pnginfo', 'eta_noise_seed_delta'])
      expect(out).toMatch(new RegExp(`! ${key} is `))
  })

  test('tells what a run file would do there, or everything that it lacks: 3', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    const good = 'prompt: a cat\nmodel: sd_xl_base_1.0\ntxt2img:\n'
    await place.put('good.yaml', good)
    const ready = await place.cli(['doctor', 'good.yaml', '--backend', fake.url])
    expect([ready.code, ready.err]).toEqual([0, ''])
    expect(ready.out).toContain('good.yaml, ready: 1 stage, 1 call')
    await place.put(
      'bad.yaml',
      `${good}sampler_name: Eulr a\nadetailer: { units: [{ ad_model: face_yolov8m.pt }] }\n`,
    )
    const lacking = await place.cli(['doctor', 'bad.yaml', '--backend', fake.url])
    expect([lacking.code, lacking.out]).toEqual([
      3,
      expect.stringContaining('bad.yaml, not ready: 2 errors'),
    ])
    expect(lacking.err).toMatch(/Did you mean "Euler a"\?\n {2}at bad.yaml:4:1/)
    expect(lacking.err).toContain('face_yolov8n.pt')
    const overridden = ['doctor', 'bad.yaml', '--backend', fake.url, '--json']
    const set = ['sampler_name=Euler a', 'adetailer.units[0].ad_model=face_yolov8n.pt']
    const mended = await place.cli([...overridden, ...set.flatMap((one) => ['--set', one])])
    expect(JSON.parse(mended.out)).toMatchObject({ ok: true, run_file: { ok: true, calls: 2 } })
  })

  test('tells what a sweep would do there, and which of its values the server lacks', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    const base =
      'prompt: a cat\ntxt2img:\nsweep: { axes: { sampler_name: [Euler a, DDIM], seed: 1..2 } }\n'
    await place.put('grid.yaml', base)
    const doctor = ['doctor', 'grid.yaml', '--backend', fake.url]
    const ready = await place.cli(doctor)
    expect([ready.code, ready.err]).toEqual([0, ''])
    expect(ready.out).toContain('grid.yaml, ready: 4 cells, 4 calls')
    const lacking = await place.cli([
      ...doctor,
      '--set',
      'sweep.axes.sampler_name=[Euler a, DDIMM]',
    ])
    expect([lacking.code, lacking.out, lacking.err]).toEqual([
      3,
      expect.stringContaining('grid.yaml, not ready: 1 error'),
      expect.stringContaining('Did you mean "DDIM" or "DDPM"?'),
    ])
  })

  test('a run file that is wrong anywhere is 2', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    await place.put('wrong.yaml', 'prompt: a cat\ntxt2img: { stepz: 4 }\n')
    const ended = await place.cli(['doctor', 'wrong.yaml', '--backend', fake.url, '--json'])
    expect(ended.code).toBe(2)
    expect(JSON.parse(ended.out)).toMatchObject({
      ok: false,
      dialect: 'forge',
      run_file: { file: 'wrong.yaml', ok: false },
      error: { code: 'SW_CONFIG_UNKNOWN_KEY' },
    })
  })

  test('without --backend it looks on this machine, and none found is 3', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111' })
    const ports = [Number(new URL(fake.url).port)]
    const found = await place.cli(['doctor'], { ports })
    expect([found.code, found.out]).toEqual([0, expect.stringContaining(fake.url)])
    const none = await place.cli(['doctor', '--json'], { ports: [] })
    expect([none.code, JSON.parse(none.out)]).toMatchObject([
      3,
      { ok: false, error: { code: 'SW_CLI_NO_SERVER' } },
    ])
  })

  test('a server that asks for credentials is 3, and says which', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', auth: 'me:secret-word' })
    const argv = ['doctor', '--backend', fake.url, '--json']
    const { code, out, err } = await place.cli(argv)
    expect([code, JSON.parse(out)]).toMatchObject([3, { ok: false, url: fake.url }])
    expect(err).toContain('--api-auth')
    const env = { STAGEWRIGHT_AUTH: 'me:secret-word' }
    expect((await place.cli(argv, { env })).code).toBe(0)
  })

  test('looks at the built-in backend too', async () => {
    const { code, out } = await place.cli(['doctor', '--backend', 'sketch'])
    expect([code, out]).toEqual([0, expect.stringMatching(/^server +sketch\n/)])
  })

  test('no line is wider than the window', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    const texts: string[] = []
    const stdout = { write: (text: string) => texts.push(text), columns: 80 }
    await place.cli(['doctor', '--backend', fake.url], { stdout })
    for (const line of texts.join('').split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})
