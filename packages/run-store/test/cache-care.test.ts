import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import {
  cacheList,
  cachePrune,
  cacheVerify,
  type PictureRecord,
  type RunStore,
} from '../src/index.js'
import { digestOf } from './kept-runs.js'
import { chain, chainCalls, Workplace } from './workplace.js'

const hour = 60 * 60_000

/** Keeps a call with a picture of so many bytes, as a run does that is gone since; used so many hours ago. */
async function keepCall(
  store: RunStore,
  name: string,
  { hours, bytes = 1000 }: { readonly hours: number; readonly bytes?: number },
): Promise<{ readonly key: string; readonly digest: string }> {
  const content = Buffer.alloc(bytes, name)
  const digest = digestOf(content.toString())
  const key = digestOf(`key ${name}`)
  await store.objects.put(digest, content)
  await store.cache.put(key, { v: 1, ms: 5, images: [record(digest)] })
  for (const path of [store.objects.path(digest), store.cache.path(key)]) await age(path, hours)
  return { key, digest }
}

function record(digest: string): PictureRecord {
  const size = { width: 8, height: 8 }
  return { digest, content: digest, media_type: 'image/png', ...size, seed: 1, lineage: [] }
}

async function age(path: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * hour)
  await utimes(path, then, then)
}

/** Makes everything that is kept look old. */
async function ageAll(store: RunStore): Promise<void> {
  const { calls, pictures } = await cacheList(store)
  for (const { key } of calls) await age(store.cache.path(key), 5)
  for (const { digest } of pictures) await age(store.objects.path(digest), 5)
}

describe('what the cache holds', () => {
  test('is listed with what refers to it', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder, images } = await store.run(place.pipeline(), chain)
    const { key, digest } = await keepCall(store, 'gone', { hours: 3 })
    const { calls, pictures, bytes, prunable } = await cacheList(place.store())
    expect(calls).toHaveLength(chainCalls + 1)
    const final = pictures.find((one) => one.digest === images[0]?.digest)
    expect(final).toMatchObject({ runs: [folder.split('/').at(-1)] })
    expect(final?.calls).toHaveLength(1)
    const alone = pictures.find((one) => one.digest === digest)
    expect(alone).toMatchObject({ bytes: 1000, runs: [], calls: [key] })
    expect(Math.round((Date.now() - Number(alone?.lastUsed)) / hour)).toBe(3)
    const entries = calls.reduce((sum, one) => sum + one.bytes, 0)
    expect(prunable).toBe(entries + 1000)
    expect(bytes).toBe(entries + pictures.reduce((sum, one) => sum + one.bytes, 0))
  })
})

describe('the cache is looked through', () => {
  test('a picture that is not what it was, and one that is gone, are found and dropped', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder, images } = await store.run(place.pipeline(), chain)
    const [first, second] = images.map(({ digest }) => digest)
    await writeFile(store.objects.path(first ?? ''), 'flipped')
    await rm(store.objects.path(second ?? ''))
    const check = await cacheVerify(place.store())
    expect(check).toMatchObject({
      calls: chainCalls,
      damagedPictures: [{ digest: first, runs: [folder.split('/').at(-1)] }],
      repaired: false,
    })
    expect(check.damagedCalls.map(({ problem }) => problem)).toEqual([
      '1 of its 1 pictures is missing or damaged',
      '1 of its 1 pictures is missing or damaged',
    ])
    await cacheVerify(store, { repair: true })
    expect(await cacheVerify(store)).toMatchObject({
      calls: chainCalls - 2,
      damagedPictures: [],
      damagedCalls: [],
    })
    const made = place.backend.made.length
    const again = await store.run(place.pipeline(), chain)
    expect(again.images.map(({ digest }) => digest)).toEqual([first, second])
    expect(place.backend.made.slice(made)).toEqual(['adetailer', 'adetailer'])
    expect(await cacheVerify(place.store())).toMatchObject({
      damagedPictures: [],
      damagedCalls: [],
    })
  })

  test('an entry that was written over is found by its checksum', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { key } = await keepCall(store, 'one', { hours: 0 })
    await store.cache.put(digestOf('other'), { v: 1, ms: 5, images: [] })
    await writeFile(store.cache.path(key), '{"v":1,"ms":6,"images":[],"sum":"00"}')
    expect(await cacheVerify(store, { repair: true })).toMatchObject({
      damagedCalls: [{ key, problem: 'its entry is not what was written' }],
    })
    expect((await cacheList(store)).calls.map((one) => one.key)).toEqual([digestOf('other')])
  })
})

describe('the cache makes room', () => {
  test('for what was used last, and tells first what would go', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const old = await keepCall(store, 'old', { hours: 9 })
    const recent = await keepCall(store, 'recent', { hours: 3 })
    const { prunable } = await cacheList(store)
    const mostBytes = prunable - 1
    const expected = { calls: [old.key], pictures: [old.digest], left: prunable / 2 }
    expect(await cachePrune(store, { mostBytes, dryRun: true })).toMatchObject(expected)
    expect((await cacheList(store)).prunable).toBe(prunable)
    expect(await cachePrune(store, { mostBytes })).toMatchObject(expected)
    const left = await cacheList(store)
    expect(left.calls.map(({ key }) => key)).toEqual([recent.key])
    expect(left.pictures.map(({ digest }) => digest)).toEqual([recent.digest])
    expect(await cachePrune(store, { mostBytes })).toMatchObject({ calls: [], pictures: [] })
  })

  test('a call that is used again becomes the last to go', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const one = await keepCall(store, 'one', { hours: 9 })
    await keepCall(store, 'two', { hours: 3 })
    expect(await place.store().cache.get(one.key)).toBeDefined()
    const later = Date.now() + 2 * hour
    const { calls } = await cachePrune(store, { mostBytes: 1500, now: later })
    expect(calls).toEqual([digestOf('key two')])
  })

  test('what was used within the hour stays, however little room there is', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    await keepCall(store, 'fresh', { hours: 0.5 })
    expect(await cachePrune(store, { mostBytes: 0 })).toMatchObject({ calls: [], pictures: [] })
    const { digest } = await keepCall(store, 'kept again', { hours: 9 })
    // Another process makes the same picture, and is about to name it in its journal.
    await place.store().objects.put(digest, Buffer.alloc(1000, 'kept again'))
    expect(await cachePrune(store, { mostBytes: 0 })).toMatchObject({
      calls: [digestOf('key kept again')],
      pictures: [],
    })
  })

  test('what a run names stays, and a picture goes with the last call that gave it', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder, images } = await store.run(place.pipeline(), chain)
    const { digest } = await keepCall(store, 'shared', { hours: 9 })
    await store.cache.put(digestOf('second'), { v: 1, ms: 5, images: [record(digest)] })
    await ageAll(store)
    await age(store.cache.path(digestOf('second')), 0.5)
    const first = await cachePrune(place.store(), { mostBytes: 0 })
    expect([first.calls.length, first.pictures]).toEqual([chainCalls + 1, []])
    await age(store.cache.path(digestOf('second')), 5)
    expect((await cachePrune(place.store(), { mostBytes: 0 })).pictures).toEqual([digest])

    const names = (await readdir(store.objects.folder, { recursive: true })).length
    await rm(join(folder, 'final'), { recursive: true })
    await rm(join(folder, 'stages'), { recursive: true })
    await cachePrune(place.store(), { mostBytes: 0 })
    expect((await readdir(store.objects.folder, { recursive: true })).length).toBe(names)
    const again = await place.store().run(place.pipeline(), chain, { sources: [folder] })
    expect(place.backend.made).toHaveLength(chainCalls)
    expect(again.images.map((one) => one.digest)).toEqual(images.map((one) => one.digest))
  })

  test('a picture that has a second name stays: nothing would be freed', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { key, digest } = await keepCall(store, 'linked', { hours: 9 })
    await store.objects.link(digest, join(place.root, 'favourites/one.png'))
    expect(await cachePrune(store, { mostBytes: 0 })).toMatchObject({ calls: [key], pictures: [] })
    expect((await cacheList(store)).prunable).toBe(0)
    await rm(join(place.root, 'favourites'), { recursive: true })
    expect(await cachePrune(store, { mostBytes: 0 })).toMatchObject({ pictures: [digest] })
  })

  test('a run that is gone leaves its pictures to be removed', async () => {
    await using place = await Workplace.make()
    const { folder } = await place.store().run(place.pipeline(), chain)
    await rm(folder, { recursive: true })
    await ageAll(place.store())
    expect(await cachePrune(place.store(), { mostBytes: 0 })).toMatchObject({ left: 0 })
    expect(await cacheList(place.store())).toMatchObject({ calls: [], pictures: [], bytes: 0 })
    const again = await place.store().run(place.pipeline(), chain)
    expect([again.status, place.backend.made.length]).toEqual(['done', 2 * chainCalls])
  })

  test('a store that is in use notices what was removed, and makes it again', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const { folder } = await store.run(place.pipeline(), chain)
    await rm(folder, { recursive: true })
    await ageAll(store)
    const { pictures } = await cachePrune(store, { mostBytes: 0 })
    expect(pictures.length).toBeGreaterThan(0)
    const again = await store.run(place.pipeline(), chain)
    expect(again.status).toBe('done')
    expect(await cacheVerify(place.store())).toMatchObject({
      damagedPictures: [],
      damagedCalls: [],
    })
    for (const { digest } of again.images)
      expect((await stat(store.objects.path(digest))).size).toBeGreaterThan(0)
  })

  test('after a run, by itself', async () => {
    await using place = await Workplace.make()
    const { key, digest } = await keepCall(place.store(), 'old', { hours: 9 })
    await place.store().run(place.pipeline(), chain)
    expect((await cacheList(place.store())).calls.map((one) => one.key)).toContain(key)
    await place.store({ cacheBytes: 0 }).run(place.pipeline(), { ...chain, seed: 80 })
    const { calls, pictures } = await cacheList(place.store())
    expect(calls.map((one) => one.key)).not.toContain(key)
    expect(pictures.map((one) => one.digest)).not.toContain(digest)
    expect(calls).toHaveLength(2 * chainCalls)
  })

  test('what a write has left that never ended goes as well', async () => {
    await using place = await Workplace.make()
    const store = place.store()
    const folder = join(store.objects.folder, 'ab')
    await mkdir(folder, { recursive: true })
    const [torn, fresh] = ['.0123456789ab.tmp', '.ba9876543210.tmp'].map((name) =>
      join(folder, name),
    )
    for (const path of [torn, fresh]) await writeFile(path ?? '', 'half')
    await age(torn ?? '', 2)
    await cachePrune(store)
    expect(await readdir(folder)).toEqual(['.ba9876543210.tmp'])
  })
})
