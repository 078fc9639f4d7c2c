import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'

import { type FakeWebui, startFakeWebui } from '@stagewright/fake-webui'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { dnsName, identity, type Identity, ipAddress } from './certificate.js'
import { Workplace } from './support.js'

const authority = identity('our authority', {})
const here = ipAddress(127, 0, 0, 1)

let place: Workplace
beforeEach(async () => {
  place = await Workplace.make()
  await place.put('authority.pem', authority.certificate)
  await place.put('my.yaml', 'prompt: a cat\nseed: 41\nsteps: 2\nwidth: 64\nheight: 64\ntxt2img:\n')
})
afterEach(() => place[Symbol.asyncDispose]())

describe('a server behind https', () => {
  test('is used when NODE_EXTRA_CA_CERTS names the authority of its certificate', async () => {
    await using fake = await startFakeWebui({
      dialect: 'forge',
      auth: 'me:secret-word',
      tinyPictures: true,
    })
    await using proxy = await secured(
      fake,
      identity('a server', { issuer: authority, hosts: [here] }),
    )
    const trusting = {
      NODE_EXTRA_CA_CERTS: join(place.path, 'authority.pem'),
      STAGEWRIGHT_AUTH: 'me:secret-word',
    }
    const doctor = await command(['doctor', '--backend', proxy.url, '--json'], trusting)
    expect([doctor.code, JSON.parse(doctor.out)]).toMatchObject([0, { url: proxy.url, ok: true }])
    const run = await command(['run', 'my.yaml', '--backend', proxy.url], trusting)
    expect([run.code, run.err]).toEqual([0, ''])
    expect((await place.files('out')).map((file) => file.replace(/^[^/]*\//, ''))).toContain(
      'final/01-s41.png',
    )
    expect(fake.requests.filter(({ path }) => path === '/sdapi/v1/txt2img')).toHaveLength(1)
  })

  test.each([
    ['is not known', identity('a server', { issuer: authority, hosts: [here] }), /certificate/],
    ['signs itself', identity('a server', {}), /self.signed certificate/],
  ])('whose authority %s is refused, with what to do', async (_, server, reason) => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    await using proxy = await secured(fake, server)
    const { code, err } = await place.cli(['doctor', '--backend', proxy.url])
    expect([code, err]).toEqual([3, expect.stringMatching(/^SW_WEBUI_TLS: no secure connection/)])
    expect(err).toMatch(reason)
    expect(err).toContain('NODE_EXTRA_CA_CERTS')
    expect(fake.requests).toEqual([])
  })

  test.each([
    ['is of another host', { hosts: [dnsName('elsewhere.example')] }, /127\.0\.0\.1/],
    ['has expired', { hosts: [here], until: 2021 }, /expired/],
  ])('whose certificate %s is refused, and sent no password', async (_, init, reason) => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    await using proxy = await secured(fake, identity('a server', { issuer: authority, ...init }))
    const { code, err } = await command(['doctor', '--backend', proxy.url], {
      NODE_EXTRA_CA_CERTS: join(place.path, 'authority.pem'),
      STAGEWRIGHT_AUTH: 'me:secret-word',
    })
    expect([code, err]).toEqual([3, expect.stringMatching(/^SW_WEBUI_TLS: /)])
    expect(err).toMatch(reason)
    expect(fake.requests).toEqual([])
  })

  test('that is asked by http is told so', async () => {
    await using fake = await startFakeWebui({ dialect: 'forge' })
    await using proxy = await secured(
      fake,
      identity('a server', { issuer: authority, hosts: [here] }),
    )
    const { code, err } = await place.cli([
      'doctor',
      '--backend',
      proxy.url.replace('https', 'http'),
    ])
    expect([code, err]).toEqual([3, expect.stringContaining('https://')])
  })
})

/** TLS in front of a fake server, as nginx or Caddy are. */
async function secured(fake: FakeWebui, { key, certificate }: Identity) {
  const server = createServer(
    { key: key.export({ type: 'pkcs8', format: 'pem' }), cert: certificate },
    (asked, answer) => {
      const { method = 'GET', headers } = asked
      const onward = request(`${fake.url}${asked.url ?? '/'}`, { method, headers }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
      })
      asked.pipe(onward)
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The built command as a process: it reads NODE_EXTRA_CA_CERTS once, when it starts. */
async function command(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const bin = join(import.meta.dirname, '../bin/stagewright.js')
  const child = spawn(process.execPath, [bin, ...argv], {
    cwd: place.path,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, out, err }
}
