import type { Exemptions, TestRunner } from '../contract/suite.js'
import { registerClauses } from '../contract/suite.js'
import { combinations } from './combinations.js'
import { detailing } from './detailing.js'
import { hires } from './hires.js'
import { interruptions } from './interruptions.js'
import type { Journey, JourneySubject } from './journey.js'
import { redrawing } from './redrawing.js'
import { refusals } from './refusals.js'
import { specified } from './specified.js'
import { subsets } from './subsets.js'
import { thirdParty } from './third-party.js'

/** Every journey through txt2img, img2img, refiner and hires, upscale and ADetailer. */
export const journeys: readonly Journey[] = Object.freeze([
  ...specified,
  ...combinations,
  ...refusals,
  ...hires,
  ...redrawing,
  ...detailing,
  ...interruptions,
  ...thirdParty,
  ...subsets,
])

/** Registers one test a journey, on the stages and the backend given:
 *  `journeySuite({ describe, it }, { stages: { txt2img, img2img, refiner, upscale, adetailer } })`.
 *  @throws {TypeError} for an exemption that names no journey, or gives no reason */
export function journeySuite(
  runner: TestRunner,
  subject: JourneySubject & { readonly title?: string; readonly exempt?: Exemptions },
): void {
  const { title = 'journeys', exempt } = subject
  const clauses = journeys.map((one) => ({
    id: one.id,
    says: one.title,
    check: (through: JourneySubject) => one.run(through),
  }))
  registerClauses(runner, title, clauses, subject, exempt)
}
