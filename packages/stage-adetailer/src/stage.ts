import {
  defineStage,
  Detail,
  type Forecast,
  type ImageBatch,
  type Need,
  Phase,
  type PlanNote,
  type PlanView,
  type Stage,
  type StageImage,
} from '@stagewright/core'
import { loraNeeds, promptNotes, settleNames } from '@stagewright/core/sampling'
import type { z } from 'zod'

import {
  type AdetailerConfig,
  adetailerConfig,
  type AdetailerUnit,
  unitFields,
  unitName,
} from './config.js'
import { adetailerNotes } from './errors.js'
import { ownSampling, requestFor } from './request.js'

/** Finds regions (faces, hands, persons) on the final pictures and redraws each.
 *  @shape n pictures → n pictures of the same size; one call per picture and unit, units in order
 *  @unit `ad_denoising_strength` and `ad_confidence` 0–1; sizes and offsets in pixels
 *  @source Bing-su/adetailer 25.3: its argument table; WebUI `postprocess_image` */
export const adetailer: Stage<'adetailer', z.input<typeof adetailerConfig>, never> = defineStage({
  name: 'adetailer',
  phase: Phase.Detail,
  consumes: 'images',
  terminal: true,
  config: adetailerConfig,
  misnomers: Object.fromEntries(
    unitFields
      .filter((key) => key.startsWith('ad_'))
      .map((key) => [key, `it belongs to a unit: adetailer: { units: [{ ${key}: … }] }`]),
  ),
  flat: {
    enabled: ['adetailer_enabled'],
    keys: {
      adetailer_model: 'units.0.ad_model',
      ...Object.fromEntries(
        unitFields.filter((key) => key.startsWith('ad_')).map((key) => [key, `units.0.${key}`]),
      ),
    },
  },
  plan: (config, view) => {
    const models = config.units.flatMap(
      (unit) => ownSampling(unit).model ?? view.input[0]?.settings?.model ?? [],
    )
    return {
      call: {
        operation: Detail,
        times: view.input.length * config.units.length,
        cycle: config.units.length,
      },
      models,
      output: view.input,
      needs: config.units.flatMap(needsOf),
      notes: notesOf(config, view),
      why: `units in order: ${config.units.map(unitName).join(', ')}`,
    }
  },
  execute: ({ config, call, each }, images) =>
    each(images, async (image) => {
      let now: ImageBatch = [image]
      for (const unit of config.units)
        now = await call(Detail, requestFor(unit, now[0] as StageImage), { label: unitName(unit) })
      return now
    }),
})

function needsOf(unit: AdetailerUnit, i: number): Need[] {
  const one = (kind: string, path: keyof AdetailerUnit, name: string | undefined): Need[] =>
    name === undefined ? [] : [{ kind, name, path: `units[${i}].${path}` }]
  const own = ownSampling(unit)
  const needs = [
    ...one('detector', 'ad_model', unit.ad_model),
    ...one('model', 'ad_checkpoint', unit.ad_checkpoint),
    ...one('vae', 'ad_vae', unit.ad_vae),
    ...one('sampler', 'ad_sampler', own.sampler_name),
    ...one('scheduler', 'ad_scheduler', own.scheduler),
    ...one('controlnet_model', 'ad_controlnet_model', unit.ad_controlnet_model),
    ...one('controlnet_module', 'ad_controlnet_module', unit.ad_controlnet_module),
    ...loraNeeds(unit.ad_prompt, `units[${i}].ad_prompt`),
    ...loraNeeds(unit.ad_negative_prompt, `units[${i}].ad_negative_prompt`),
  ]
  return needs.map((need) => ({ ...need, label: unitName(unit) }))
}

function notesOf(config: AdetailerConfig, view: PlanView): PlanNote[] {
  const restored = view.input.some(({ marks }) => marks?.includes('restore_faces'))
  return [
    ...(restored ? [adetailerNotes.SW_NOTE_DETAIL_AND_RESTORE({ stage: view.stage })] : []),
    ...config.units.flatMap((unit, i) => [
      ...settleNames(unit.ad_sampler, unit.ad_scheduler).notes,
      ...smallNotes(unit, view.input),
      ...promptNotes(unit.ad_prompt, `units[${i}].ad_prompt`),
      ...promptNotes(unit.ad_negative_prompt, `units[${i}].ad_negative_prompt`),
    ]),
  ]
}

/** A note when a picture's longer side exceeds twice that of the working size; the first such picture is named. */
function smallNotes(unit: AdetailerUnit, pictures: Forecast): PlanNote[] {
  const own = ownSampling(unit)
  for (const picture of pictures) {
    const width = own.width ?? picture.settings?.width
    const height = own.height ?? picture.settings?.height
    if (width === undefined || height === undefined) continue
    if (Math.max(picture.width, picture.height) <= 2 * Math.max(width, height)) continue
    return [
      adetailerNotes.SW_NOTE_DETAIL_SMALL({
        unit: unitName(unit),
        picture: `${picture.width}x${picture.height}`,
        working: `${width}x${height}`,
      }),
    ]
  }
  return []
}
