import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

/** A published version, as the registry tells of it.
 *  @typedef {import('../packages.mjs').Manifest & {
 *    license?: string, repository?: { url?: string }, devDependencies?: Readonly<Record<string, string>>,
 *    dist: { tarball: string, integrity: string }
 *  }} Version
 *  @typedef {{ manifest: Version, tags: readonly string[], access: string }} Published
 *  @typedef {{
 *    url: string, published: readonly Published[], audiences: readonly string[], elsewhere: readonly string[]
 *  }} Registry
 *    `audiences` are those that identity tokens were asked for; `elsewhere` the hosts that somebody wanted to reach
 *    through it. */

/** Works with a registry on the loopback interface: it begins with no package, takes each version once, and gives what it took.
 *  At `/id-token` it gives a token that proves nothing, as a CI's identity service would one that does. As a proxy it
 *  notes who was asked for, and lets nobody through.
 *  @template T
 *  @param {(registry: Registry) => Promise<T>} use
 *  @returns {Promise<T>} */
export async function withRegistry(use) {
  const registry = {
    url: '',
    published: /** @type {Published[]} */ ([]),
    tarballs: /** @type {Map<string, Buffer>} */ (new Map()),
    audiences: /** @type {string[]} */ ([]),
    elsewhere: /** @type {string[]} */ ([]),
  }
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const asked = new URL(request.url ?? '/', registry.url)
      const { status, body } = answer(registry, asked, request.method, Buffer.concat(chunks))
      response.writeHead(status).end(Buffer.isBuffer(body) ? body : JSON.stringify(body))
    })
  })
  server.on('connect', (request, socket) => {
    registry.elsewhere.push(request.url ?? '')
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve(undefined))
  })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  registry.url = `http://127.0.0.1:${port}/`
  try {
    return await use(registry)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

/** @param {{ url: string, published: Published[], tarballs: Map<string, Buffer>, audiences: string[] }} registry
 *  @param {URL} asked
 *  @param {string | undefined} method
 *  @param {Buffer} sent
 *  @returns {{ status: number, body: Buffer | object }} */
function answer(registry, { pathname, searchParams }, method, sent) {
  if (pathname === '/id-token') {
    registry.audiences.push(searchParams.get('audience') ?? '')
    return { status: 200, body: { value: 'no.real.token' } }
  }
  const tarball = registry.tarballs.get(pathname)
  if (tarball !== undefined) return { status: 200, body: tarball }
  const versions = registry.published.filter(
    ({ manifest: { name } }) => name === decodeURIComponent(pathname.slice(1)),
  )
  if (method === 'PUT') return take(registry, JSON.parse(sent.toString('utf8')))
  if (versions.length === 0) return { status: 404, body: { error: 'not found' } }
  return { status: 200, body: packumentOf(versions) }
}

/** @param {{ url: string, published: Published[], tarballs: Map<string, Buffer> }} registry
 *  @param {{
 *    versions?: Record<string, Version>, _attachments?: Record<string, { data?: string }>,
 *    'dist-tags'?: Record<string, string>, access: string
 *  }} document what `publish` sends: a version, with its tarball
 *  @returns {{ status: number, body: object }} */
function take(registry, document) {
  const [manifest] = Object.values(document.versions ?? {})
  const [attached] = Object.values(document['_attachments'] ?? {})
  const tarball = Buffer.from(attached?.data ?? '', 'base64')
  const refuse = (/** @type {string} */ error) => ({ status: 403, body: { error } })
  if (manifest === undefined) return refuse('there is no version in it')
  const { name, version } = manifest
  const known = registry.published.some(
    ({ manifest: one }) => one.name === name && one.version === version,
  )
  if (known) return refuse(`${name} ${version} is published already`)
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  if (integrity !== manifest.dist.integrity) return refuse('the tarball is another than is said')
  const path = `/${name}/-/${version}.tgz`
  registry.tarballs.set(path, tarball)
  registry.published.push({
    manifest: { ...manifest, dist: { tarball: new URL(path, registry.url).href, integrity } },
    tags: Object.keys(document['dist-tags'] ?? {}),
    access: document.access,
  })
  return { status: 201, body: { ok: true } }
}

/** @param {readonly Published[]} versions of one package */
function packumentOf(versions) {
  const tags = versions.flatMap(({ manifest, tags: names }) =>
    names.map((name) => [name, manifest.version]),
  )
  return {
    name: versions[0]?.manifest.name,
    'dist-tags': Object.fromEntries(tags),
    versions: Object.fromEntries(versions.map(({ manifest }) => [manifest.version, manifest])),
  }
}
