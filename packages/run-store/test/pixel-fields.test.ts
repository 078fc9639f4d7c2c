import {
  type BackendIdentity,
  createPipeline,
  defineStage,
  jsonSchemaOf,
  Phase,
  slot,
  type Stage,
  type StageImage,
  stageImage,
  Txt2Img,
} from '@stagewright/core'
import { contentDigest, withMetadata } from '@stagewright/metadata'
import { fakeBackend, fakePicture, given } from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { callKeys } from '../src/index.js'
import { type Started, startedFrom } from '../src/run/started.js'
import { type Case, cases, drawn, type Section } from './pixel-cases.js'
import { stages } from './workplace.js'

describe('the keys of a whole run', () => {
  test('are tried with every field that a stage has', () => {
    const tried = new Set(
      cases.flatMap(({ section, changes, same = {} }) =>
        Object.keys({ ...changes, ...same }).map((field) => `${section}.${field}`),
      ),
    )
    const fields = stages.flatMap((stage) => fieldsOf(stage).map((one) => `${stage.name}.${one}`))
    expect(fields.length).toBeGreaterThan(150)
    expect(fields.filter((field) => !tried.has(field))).toEqual([])
  })

  describe.each(cases)('$name', (one) => {
    test.each(Object.keys(one.changes))('differ in %s', async (field) => {
      const changed = await keysOf(written(one, { [field]: one.changes[field] }))
      expect(changed).not.toEqual(await keysOf(one.run))
    })

    test.each(Object.keys(one.same ?? {}))(
      'are the same where %s says nothing new',
      async (field) => {
        const same = await keysOf(written(one, { [field]: one.same?.[field] }))
        expect(same).toEqual(await keysOf(one.run))
      },
    )

    test('are the same when every default is written out', async () => {
      const { keys, started } = await runOf(one.run)
      expect(await keysOf(started.config)).toEqual(keys)
    })
  })

  test('differ in what a plugin puts into its own slot, and in its version', async () => {
    const keys = await keysOf({ ...drawn, acme_pose: { weight: 1 } }, [pose('1')])
    expect(await keysOf({ ...drawn, acme_pose: { weight: 1 } }, [pose('1')])).toEqual(keys)
    expect(await keysOf({ ...drawn, acme_pose: { weight: 2 } }, [pose('1')])).not.toEqual(keys)
    expect(await keysOf({ ...drawn, acme_pose: { weight: 1 } }, [pose('2')])).not.toEqual(keys)
  })
})

test('a picture with other texts in its file is the same picture to a call; one with other pixels is not', async () => {
  const [photo, other] = await Promise.all([1, 2].map((seed) => fakeBytes(seed)))
  const told = withMetadata(photo as Uint8Array, { infotext: 'a keeper\nSteps: 8' }).bytes
  const key = async (bytes: Uint8Array): Promise<string | undefined> => {
    const facts = {
      operation: 'upscale',
      request: { mode: 'extras', image: stageImage(bytes), upscaler_1: 'Lanczos' },
      contributions: [],
      versions: {},
      backend: 'fake',
      capabilities: await fakeBackend().describe(),
      needs: [],
    }
    return (await callKeys(facts, content)).keys[0]
  }
  expect(Buffer.from(told).equals(photo as Uint8Array)).toBe(false)
  expect(await key(told)).toBe(await key(photo as Uint8Array))
  expect(await key(other as Uint8Array)).not.toBe(await key(photo as Uint8Array))
})

/** Runs it on a backend that draws nothing, and tells the keys of its calls in order. */
async function runOf(
  run: Section,
  plugins: readonly Stage[] = [],
): Promise<{ readonly keys: readonly string[]; readonly started: Started }> {
  let started: Started | undefined
  const keys: string[] = []
  const pipeline = createPipeline({
    backend: fakeBackend({ slots: [Pose], capabilities: { identity } }),
    stages: [...stages, ...plugins],
    services: [given(pictures)],
    observers: [
      (event) => {
        if (event.type === 'run-started') started = startedFrom(event, 0)
      },
    ],
    interceptors: [
      {
        call: async (operation, request, { contributions }, next) => {
          const { versions, backend, capabilities, needs } = started as Started
          const facts = {
            operation,
            request,
            contributions,
            versions,
            backend,
            capabilities,
            needs,
          }
          keys.push((await callKeys(facts, content)).keys[0] as string)
          return next()
        },
      },
    ],
  })
  await pipeline.run(pipeline.parse(run))
  return { keys, started: started as Started }
}

async function keysOf(run: Section, plugins: readonly Stage[] = []): Promise<readonly string[]> {
  return (await runOf(run, plugins)).keys
}

const identity: BackendIdentity = { server: 'http://127.0.0.1:7860' }
const size = { width: 64, height: 64 }
const pictures = {
  'photo.png': { ...size, name: 'photo' },
  'other.png': { ...size, name: 'other' },
  'mask.png': { ...size, coverage: 0.5 },
  'lower.png': { ...size, coverage: 0.25 },
}

async function content(image: StageImage): Promise<string> {
  return contentDigest(await image.bytes()) ?? image.digest
}

async function fakeBytes(seed: number): Promise<Uint8Array> {
  const story = { operation: 'given', seed, effects: [], from: [], ancestors: [], request: '' }
  return fakePicture({ ...size, story }).bytes()
}

/** The run with these fields in the section that is tried. */
function written({ run, section, list }: Case, fields: Section): Section {
  const was = run[section] as Section
  if (list === undefined) return { ...run, [section]: { ...was, ...fields } }
  const [first] = was[list] as readonly Section[]
  return { ...run, [section]: { ...was, [list]: [{ ...first, ...fields }] } }
}

/** Names of a section's fields; of a list of maps, those of the maps. */
function fieldsOf(stage: Stage): string[] {
  const { properties = {} } = jsonSchemaOf(stage.config) as { properties?: Record<string, unknown> }
  return Object.entries(properties).flatMap(([name, schema]) => {
    const { items } = schema as { items?: { properties?: object } }
    return items?.properties === undefined ? [name] : Object.keys(items.properties)
  })
}

const Pose = slot<{ weight: number }>('acme_pose', [Txt2Img])

function pose(version: string): Stage {
  return defineStage({
    name: 'acme_pose',
    version,
    phase: Phase.Prepare,
    config: z.object({ weight: z.number() }),
    consumes: 'nothing',
    plan: (config) => ({ contribute: { generating: [Pose.with(config)] } }),
  })
}
