// Checked by tsc; never run. The fake and the real pipeline have one signature.
import { createPipeline, defineStage, Phase, type Pipeline, type Stage } from '@stagewright/core'

import { plainSchema } from '../src/contract/plain-schema.js'
import { fakeBackend, FakePipeline } from '../src/index.js'

const sharpen = defineStage({
  name: 'acme_sharpen',
  phase: Phase.Detail,
  consumes: 'images',
  config: plainSchema<{ radius: number; amount?: number }>({ type: 'object', properties: {} }),
  plan: () => ({}),
})

const fake = new FakePipeline({ stages: [sharpen] })
const real = createPipeline({ stages: [sharpen], backend: fakeBackend() })

/** Each can stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Keys = keyof Pipeline<readonly Stage[]>
/** Members of the two that cannot stand for each other: none. */
type Differing<A, B> = {
  [K in Keys]: K extends keyof A & keyof B ? (Same<A[K], B[K]> extends true ? never : K) : K
}[Keys]
const differing: Same<Differing<typeof fake, typeof real>, never> = true
const one: Pipeline<readonly [typeof sharpen]> = fake
const added: Same<Exclude<keyof typeof fake, Keys>, 'calls'> = true

// The config is inferred from the tuple of stages, as for the real one.
void fake.run({ acme_sharpen: { radius: 2 } })
// @ts-expect-error: a section needs what its schema requires
void fake.run({ acme_sharpen: {} })
// @ts-expect-error: there is no such stage here
void fake.run({ acme_blur: { radius: 2 } })
// @ts-expect-error: the backend is the fake's own affair, or a Backend
void new FakePipeline({ stages: [sharpen], backend: 'webui' })
// @ts-expect-error: a script is made of known words
void new FakePipeline({ stages: [sharpen], script: [{ stage: 'acme_sharpen', explode: true }] })

void [differing, one, added]
