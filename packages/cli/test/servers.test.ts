import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

import { startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { Workplace } from './support.js'

const small = `
prompt: "a lighthouse keeper"
seed: 41
width: 64
height: 64
steps: 2
txt2img:
`

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('small.yaml', small)
})
afterEach(() => place[Symbol.asyncDispose]())

describe('--backend with an address', () => {
  test('runs against that server, and says so in the file that repeats the run', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    const { code, err, out } = await place.cli(['run', 'small.yaml', '--backend', `${fake.url}/`])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('loads v1-5-pruned-emaonly.safetensors')
    expect(out).toMatch(
      new RegExp(`run again +stagewright run .*/run.yaml --backend ${fake.url}\n`),
    )
    const [folder = ''] = (await place.files('out')).map((name) => name.split('/')[0])
    expect(await place.files(`out/${folder}`)).toEqual([
      'contact-sheet.png',
      'final/01-s41.png',
      'journal.jsonl',
      'run.json',
      'run.yaml',
      'stages/1-txt2img/01-s41.png',
    ])
    expect(await place.read(`out/${folder}/run.yaml`)).toContain(`--backend ${fake.url}\n`)
    expect(fake.requests.filter(({ path }) => path === '/sdapi/v1/txt2img')).toHaveLength(1)
  })

  test('a run repeated from its own file gives the same pictures', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    const first = await place.cli(['run', 'small.yaml', '--backend', fake.url, '--json'])
    const { run_file: file, images } = first.lines.at(-1) as { run_file: string; images: object[] }
    const again = await place.cli(['run', file, '--backend', fake.url, '--json'])
    expect(again.lines.at(-1)?.['images']).toMatchObject(
      images.map((image) => ({ sha256: (image as { sha256: string }).sha256 })),
    )
  })

  test('nobody there is 3, with what to do, and leaves no folder', async () => {
    const { code, err } = await place.cli(['run', 'small.yaml', '--backend', await deadUrl()])
    expect([code, err]).toEqual([
      3,
      expect.stringMatching(/^SW_WEBUI_UNREACHABLE: [^]*\n {2}hint: /),
    ])
    expect(await place.files('out').catch(() => [])).toEqual([])
  })

  test('a server that is lost in the middle of a run is 4, and what was made is kept', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    fake.faults.add({ kind: 'crash', match: { stage: 'upscale' } })
    await place.put('up.yaml', `${small}upscale: { upscaler_1: Lanczos }\n`)
    const ended = await place.cli(['run', 'up.yaml', '--backend', fake.url, '--json', '--quiet'])
    expect(ended.code).toBe(4)
    expect(ended.lines.at(-1)).toMatchObject({
      status: 'failed',
      error: { kind: 'backend' },
      unfinished: [{ stage: 'upscale' }],
    })
    const kept = (await place.files('out')).map((name) => name.replace(/^[^/]*\//, ''))
    expect(kept).toContain('stages/1-txt2img/01-s41.png')
    expect(kept).toContain('unfinished/01-upscale-s41.png')
  })

  test('why pictures did not come is told once, not for each of them', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    fake.faults.add({ kind: 'crash', skip: 1 })
    const argv = ['run', 'small.yaml', '--backend', fake.url, '--count', '4']
    const { code, out } = await place.cli(argv)
    expect([code, out.match(/^txt2img: .*$/gm)]).toEqual([4, [expect.stringContaining('lost')]])
  })

  test('an address without its protocol is told with the whole one', async () => {
    const { code, err } = await place.cli(['plan', 'small.yaml', '--backend', 'localhost:7860'])
    expect([code, err]).toEqual([2, expect.stringContaining('http://localhost:7860')])
  })

  test('--dialect is taken for what the server is', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', tinyPictures: true })
    const argv = ['doctor', '--backend', fake.url, '--json', '--dialect']
    expect(JSON.parse((await place.cli([...argv, 'reforge'])).out)).toMatchObject({
      dialect: 'reforge',
    })
    const refused = await place.cli([...argv, 'comfy'])
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('sdcpp')])
  })

  test('options for servers beside a backend that is none are refused, not ignored', async () => {
    const argv = ['run', 'small.yaml', '--stall', '5', '--on-oom', 'halve_batch']
    const { code, err } = await place.cli(argv)
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('--stall, --on-oom: sketch is no server'),
    ])
  })

  test.each(['0', '-1', 'soon'])('--timeout %s is refused', async (value) => {
    const { code, err } = await place.cli(['run', 'small.yaml', `--timeout=${value}`])
    expect([code, err]).toEqual([2, expect.stringContaining('seconds above 0')])
  })

  test.each([
    ['--stall', 'SW_WEBUI_STALLED'],
    ['--timeout', 'SW_WEBUI_TIMED_OUT'],
  ])('%s 1 ends a job that stands still, interrupts it, and says so', async (option, code) => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    fake.faults.add({ kind: 'stall', at: 'during', step: 2 })
    const ended = await place.cli(['run', 'small.yaml', '--backend', fake.url, option, '1'])
    expect([ended.code, ended.err]).toEqual([
      4,
      expect.stringMatching(new RegExp(`^${code}: `, 'm')),
    ])
    expect(ended.err).toContain('was interrupted')
    expect(ended.err).toMatch(new RegExp(`hint: .*${option}`))
    expect(fake.requests.filter(({ path }) => path === '/sdapi/v1/interrupt')).toHaveLength(1)
  })

  test('--on-oom halve_batch makes the batch in halves, with the same seeds', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await place.put('two.yaml', `${small}batch_size: 2\n`)
    const argv = ['run', 'two.yaml', '--backend', fake.url, '--json']
    fake.faults.add({ kind: 'oom' })
    expect((await place.cli(argv)).code).toBe(4)
    fake.faults.add({ kind: 'oom' })
    const halved = await place.cli([...argv, '--on-oom', 'halve_batch'])
    expect(halved.lines.at(-1)).toMatchObject({
      status: 'done',
      images: [{ seed: 41 }, { seed: 42 }],
      warnings: [expect.stringMatching(/memory/i)],
    })
  })
})

describe('--lenient', () => {
  const wrong = `${small.replace('txt2img:', 'txt2img: { sampler_name: Eulr a }')}model: none-such\n`

  test('without it a name that the server does not list is 3, with the nearest one and its place', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await place.put('wrong.yaml', wrong)
    const { code, err } = await place.cli(['run', 'wrong.yaml', '--backend', fake.url])
    expect([code, err]).toEqual([3, expect.stringContaining('Did you mean "Euler a"?')])
    expect(err).toContain('at wrong.yaml:')
    expect(fake.requests.filter(({ method }) => method === 'POST')).toEqual([])
  })

  test('with it each becomes one warning that is recorded', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge', tinyPictures: true })
    await place.put('wrong.yaml', wrong)
    const argv = ['run', 'wrong.yaml', '--backend', fake.url, '--lenient']
    const { code, lines, err } = await place.cli([...argv, '--json'])
    expect(code).toBe(0)
    const warnings = lines.at(-1)?.['warnings'] as string[]
    for (const name of ['Eulr a', 'none-such']) {
      const told = warnings.filter(
        (text) => text.includes(`the backend has no`) && text.includes(name),
      )
      expect(told).toHaveLength(1)
    }
    expect(err).toContain('! model: the backend has no model "none-such"')
    const planned = await place.cli(['plan', ...argv.slice(1)])
    expect([planned.code, planned.err]).toEqual([0, expect.stringContaining('! model: ')])
  })

  test('a setting that the server does not have is 3, or one warning', async () => {
    await using fake = await startFakeWebui({ dialect: 'sdcpp', tinyPictures: true })
    const argv = ['run', 'small.yaml', '--backend', fake.url, '--set', 'txt2img.tiling=true']
    const refused = await place.cli(argv)
    expect([refused.code, refused.err]).toEqual([
      3,
      expect.stringContaining('hint: remove tiling\n'),
    ])
    expect(refused.err).toContain('txt2img.tiling: stable-diffusion.cpp sd-server cannot do tiling')
    expect(fake.requests.filter(({ method }) => method === 'POST')).toEqual([])
    const passed = await place.cli([...argv, '--lenient', '--json'])
    expect(passed.code).toBe(0)
    const warnings = passed.lines.at(-1)?.['warnings'] as string[]
    expect(warnings.filter((text) => text.includes('tiling'))).toEqual([
      'txt2img.tiling: stable-diffusion.cpp sd-server cannot do tiling',
    ])
  })

  test('what the server cannot do at all stays an error', async () => {
    await using fake = await startFakeWebui({ dialect: 'sdcpp', tinyPictures: true })
    await place.put('up.yaml', `${small}upscale: { upscaler_1: Lanczos }\n`)
    const argv = ['plan', 'up.yaml', '--backend', fake.url, '--lenient']
    const { code, err } = await place.cli(argv)
    expect([code, err]).toEqual([3, expect.stringContaining('where: client')])
    expect((await place.cli([...argv, '--set', 'upscale.where=client'])).code).toBe(0)
    const model = ['--set', 'upscale.where=client', '--set', 'upscale.upscaler_1=ESRGAN_4x']
    expect((await place.cli([...argv, ...model])).code).toBe(3)
  })
})

describe('--backend auto', () => {
  test('takes the first port that a Stable Diffusion server answers on', async () => {
    await using other = await listen((_, response) => {
      response.setHeader('content-type', 'application/json').end('{"error":"no such endpoint"}')
    })
    await using fake = await startFakeWebui({ dialect: 'sdcpp', tinyPictures: true })
    const ports = [portOf(await deadUrl()), portOf(other.url), portOf(fake.url)]
    const { code, out } = await place.cli(['doctor', '--backend', 'auto', '--json'], { ports })
    expect([code, JSON.parse(out)]).toMatchObject([0, { url: fake.url, dialect: 'sdcpp' }])
  })

  test('none found is 3 with what to do, and nothing is drawn in its place', async () => {
    const ports = [portOf(await deadUrl())]
    const ended = await place.cli(['run', 'small.yaml', '--backend', 'auto'], { ports })
    expect([ended.code, ended.err]).toEqual([3, expect.stringMatching(/^SW_CLI_NO_SERVER: /)])
    expect(ended.err).toContain('--backend http://host:port')
    expect(await place.files()).toEqual(['small.yaml'])
  })

  test('a WebUI whose API is off is told apart from none', async () => {
    await using fake = await startFakeWebui({ dialect: 'a1111', apiEnabled: false })
    const ended = await place.cli(['plan', 'small.yaml', '--backend', 'auto'], {
      ports: [portOf(fake.url)],
    })
    expect([ended.code, ended.err]).toEqual([3, expect.stringContaining('start it with --api')])
  })

  test('sends no credentials while it looks', async () => {
    const seen: (string | undefined)[] = []
    await using other = await listen((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401).end('<html>')
    })
    await place.cli(['plan', 'small.yaml', '--backend', 'auto'], {
      ports: [portOf(other.url)],
      env: { STAGEWRIGHT_AUTH: 'me:secret-word' },
    })
    expect(seen).toEqual([undefined])
  })
})

describe('schema --backend', () => {
  test('holds the names of that server, wherever a field takes one', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    const { code, out } = await place.cli(['schema', '--backend', fake.url])
    expect(code).toBe(0)
    const { properties } = JSON.parse(out) as { properties: Record<string, never> }
    const names = (of: { enum?: string[] } | undefined) => of?.enum ?? []
    expect(names(properties['model'])).toContain('sd_xl_base_1.0.safetensors')
    expect(names(properties['model'])).toContain('sd_xl_base_1.0')
    expect(names(properties['sampler_name'])).toContain('Euler a')
    const sections = properties as unknown as Record<string, { properties: Record<string, never> }>
    expect(names(sections['refiner']?.properties['hr_upscaler'])).toContain('Latent')
    expect(names(sections['upscale']?.properties['upscaler_1'])).not.toContain('Latent')
    expect(JSON.stringify(sections['adetailer'])).toContain('face_yolov8n.pt')
    const plain = await place.cli(['schema'])
    expect(plain.out).not.toContain('face_yolov8s.pt')
  })
})

/** An address that nobody listens on. */
async function deadUrl(): Promise<string> {
  const closed = await listen(() => {})
  await closed[Symbol.asyncDispose]()
  return closed.url
}

async function listen(answer: RequestListener) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
