import { type WebuiSlot, webuiSlot } from '@stagewright/backend-webui'
import { isStageImage } from '@stagewright/core'

import { ControlNet, type ControlUnits } from './slot.js'

/** @source sd-webui-controlnet: units are the arguments of the always-on script `controlnet` */
const controlnetSlot: WebuiSlot<ControlUnits> = webuiSlot(ControlNet, async ({ units }) => ({
  alwayson_scripts: { controlnet: { args: await Promise.all(units.map(argumentOf)) } },
}))

async function argumentOf({ image, ...unit }: ControlUnits['units'][number]) {
  if (!isStageImage(image)) throw new TypeError('a call holds pictures, not references')
  return { enabled: true, image: await image.bytes(), ...unit }
}

export const slots: readonly WebuiSlot[] = [controlnetSlot]
