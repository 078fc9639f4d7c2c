import assert from 'node:assert/strict'

import {
  type Backend,
  type CallResult,
  errors,
  Hires,
  Img2Img,
  isPipelineError,
  type StageImage,
  Txt2Img,
} from '@stagewright/core'

import type { BackendSubject } from './backend-subject.js'
import { ask, contributionsTo, img2img, minimalRequest, txt2img } from './minimal-requests.js'
import type { Clause } from './suite.js'

/** What a backend says that it can do, and what it refuses. */
export const promiseClauses: readonly Clause<BackendSubject>[] = [
  {
    id: 'backend/capabilities/data',
    says: 'describes itself in plain data, the same each time',
    check: async ({ backend }) => {
      const subject = await backend()
      const first = await subject.describe()
      assert.deepEqual(JSON.parse(JSON.stringify(first)), first, 'describe() gives JSON')
      assert.deepEqual(await subject.describe(), first, 'asked twice')
      assert.notEqual(subject.kind, '', 'kind has a name')
      for (const names of [first.operations, first.slots])
        assert.equal(
          new Set(names).size,
          names.length,
          `a name is there twice: ${names.join(', ')}`,
        )
      const { multiple, round } = first.grid
      assert.ok(Number.isInteger(multiple) && multiple > 0, `grid.multiple is ${multiple}`)
      assert.ok(['down', 'up'].includes(round), `grid.round is ${round}`)
      for (const [kind, names] of Object.entries(first.resources))
        assert.ok(names === 'any' || Array.isArray(names), `resources.${kind} is no list of names`)
    },
  },
  {
    id: 'backend/capabilities/operations',
    says: 'does each operation that it names',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      for (const name of operations) {
        const request = minimalRequest(subject, name, image)
        assert.ok(request, `${name}: give the subject a minimal request of it, in requests`)
        const { images } = await ask(backend, name, request)
        assert.ok(images.length > 0, `${name} gives no picture`)
      }
    },
  },
  {
    id: 'backend/capabilities/refuses',
    says: 'refuses an operation that it does not name, with SW_BACKEND_UNSUPPORTED',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      const core = ['txt2img', 'img2img', 'upscale', 'detail']
      for (const name of ['contract_no_such_operation', ...core]) {
        if (operations.includes(name)) continue
        const request = minimalRequest(subject, name, image) ?? { image }
        await unsupported(ask(backend, name, request), name)
      }
    },
  },
  {
    id: 'backend/slots/honoured',
    says: 'honours each slot that it names: the picture is another one',
    check: async (subject) => {
      const backend = await subject.backend()
      const { operations, slots } = await backend.describe()
      const image = await onePicture(backend, subject)
      for (const slot of slots) {
        const contribution = contributionsTo(subject)[slot]
        assert.ok(contribution, `${slot}: give the subject a contribution to it, in contributions`)
        for (const name of contribution.on.filter((one) => operations.includes(one))) {
          const request = minimalRequest(subject, name, image)
          const { images } = await ask(backend, name, request)
          const carrying = await ask(backend, name, request, { contributions: [contribution] })
          const [plain, other] = [images[0], carrying.images[0]]
          assert.notEqual(other?.digest, plain?.digest, `"${slot}" changes nothing on ${name}`)
          if (slot !== Hires.name || plain === undefined) continue
          const size = [other?.width, other?.height]
          assert.deepEqual(size, [plain.width * 2, plain.height * 2], 'the size after a hires pass')
        }
      }
    },
  },
  {
    id: 'backend/slots/refused',
    says: 'refuses a slot that it does not name, or that the operation cannot carry',
    check: async (subject) => {
      const backend = await subject.backend()
      const { operations, slots } = await backend.describe()
      const image = await onePicture(backend, subject)
      const unknown = { slot: 'contract_no_such_slot', on: ['txt2img'], combines: false, value: 1 }
      await unsupported(
        ask(backend, Txt2Img.name, txt2img(subject), { contributions: [unknown] }),
        unknown.slot,
      )
      for (const [slot, contribution] of Object.entries(contributionsTo(subject)))
        for (const name of operations) {
          if (slots.includes(slot) && contribution.on.includes(name)) continue
          const request = minimalRequest(subject, name, image)
          await unsupported(
            ask(backend, name, request, { contributions: [contribution] }),
            `"${slot}" on ${name}`,
          )
        }
    },
  },
  {
    id: 'backend/errors/typed',
    says: 'fails with a PipelineError that has a code and a hint, for a picture it cannot read',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const rotten = {
        ...image,
        digest: '0'.repeat(64),
        bytes: () => Promise.resolve(new Uint8Array([1, 2, 3, 4])),
      }
      const { operations } = await backend.describe()
      for (const name of operations.filter((one) => one !== Txt2Img.name)) {
        const request = minimalRequest(subject, name, rotten)
        const error: unknown = await ask(backend, name, request).then(
          () => assert.fail(`${name} takes bytes that are no picture`),
          (thrown: unknown) => thrown,
        )
        assert.ok(isPipelineError(error), `${name} fails with ${String(error)}`)
        assert.notEqual(error.hint, '', `${error.code} has no hint`)
      }
    },
  },
  {
    id: 'backend/abort',
    says: 'stops when the signal is aborted, before a call and during it',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      for (const name of operations) {
        const request = minimalRequest(subject, name, image)
        const early = AbortSignal.abort()
        await assert.rejects(ask(backend, name, request, { signal: early }), `${name}, too early`)
        const controller = new AbortController()
        const call = ask(backend, name, request, { signal: controller.signal })
        const ended = assert.rejects(call, `${name} goes on after the signal is aborted`)
        controller.abort()
        await ended
      }
    },
  },
  {
    id: 'backend/progress',
    says: 'tells progress from 0 to 1, never falling',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      for (const name of operations) {
        const told: number[] = []
        const progress = (fraction: number) => void told.push(fraction)
        const request = minimalRequest(subject, name, image)
        if ((await tried(ask(backend, name, request, { progress }))) === undefined) continue
        const range = told.filter((one) => !(one >= 0 && one <= 1))
        assert.deepEqual(range, [], `${name} tells progress outside 0 to 1`)
        assert.deepEqual(
          told,
          told.toSorted((a, b) => a - b),
          `the progress of ${name} falls`,
        )
      }
    },
  },
  {
    id: 'backend/calls/independent',
    says: 'answers calls that overlap as it answers each alone',
    check: async (subject) => {
      const backend = await subject.backend()
      const image = await onePicture(backend, subject)
      const { operations } = await backend.describe()
      const requests = [
        [Txt2Img.name, txt2img(subject, { seed: 21 })],
        [Txt2Img.name, txt2img(subject, { seed: 22 })],
        [Img2Img.name, img2img(subject, [image], { seed: 23 })],
      ] as const
      const able = requests.filter(([name]) => operations.includes(name))
      const digests = async ([name, request]: (typeof requests)[number]) =>
        (await ask(backend, name, request)).images.map(({ digest }) => digest)
      const alone: string[][] = []
      for (const one of able) alone.push(await digests(one))
      assert.deepEqual(await Promise.all(able.map(digests)), alone)
    },
  },
]

async function unsupported(call: Promise<unknown>, what: string): Promise<void> {
  const error: unknown = await call.then(
    () => assert.fail(`${what} is taken, and should be refused`),
    (thrown: unknown) => thrown,
  )
  assert.ok(isPipelineError(error), `${what} is refused with ${String(error)}`)
  const { code } = errors.SW_BACKEND_UNSUPPORTED({ backend: '', what })
  assert.equal(error.code, code, `${what} is refused with ${error.code}: ${error.message}`)
}

/** What a call gives; undefined where it fails, which `backend/capabilities/operations` tells. */
export function tried(call: Promise<CallResult>): Promise<CallResult | undefined> {
  return call.catch(() => undefined)
}

/** A picture to work on: of the backend's own. */
export async function onePicture(backend: Backend, subject: BackendSubject): Promise<StageImage> {
  const { images } = await ask(backend, Txt2Img.name, txt2img(subject))
  return images[0] ?? assert.fail('txt2img gives no picture')
}
