import type { PictureBlock } from '../block/block.js'
import { isMap } from '../block/json.js'
import type { RecoveredField, RecoveredRun } from './recovery.js'

/** The run config of a block, as it was. Stages that the picture has not gone through are switched off; files that it
 *  names are told by what is left of their paths. */
export function fromBlock(block: PictureBlock): RecoveredRun {
  const through = new Set(block.lineage.map((one) => one.replace(/:.*$/, '')))
  const planned = new Set(block.stages.map(({ name }) => name))
  const config: Record<string, unknown> = structuredClone({ ...block.config })
  const fields: RecoveredField[] = []
  for (const [key, value] of Object.entries(config)) {
    const isSection = planned.has(key)
    if (isSection && !through.has(key) && !isOff(value)) {
      config[key] = { ...(isMap(value) ? value : {}), enabled: false }
      fields.push({
        path: `${key}.enabled`,
        from: 'block',
        status: 'recovered',
        value: false,
        why: `the picture has not gone through ${key}`,
      })
    }
    if (!isSection || !isMap(value) || Object.keys(value).length === 0)
      fields.push(fieldOf(key, key, value, block))
    else
      for (const [inner, item] of Object.entries(value))
        fields.push(fieldOf(`${key}.${inner}`, inner, item, block))
  }
  return { config, fields: Object.freeze(fields.map((field) => Object.freeze(field))) }
}

const files = new Set(['init_images', 'mask', 'input_images'])

function fieldOf(path: string, key: string, value: unknown, block: PictureBlock): RecoveredField {
  const field = { path, from: 'block', value } as const
  if (files.has(key))
    return {
      ...field,
      status: 'guessed',
      why: 'folders of the machine are left out: check where it is',
    }
  if (key === 'seed' && value !== block.seed)
    return { ...field, status: 'recovered', why: `the run's; this picture has ${block.seed}` }
  return { ...field, status: 'recovered' }
}

function isOff(section: unknown): boolean {
  return isMap(section) && section['enabled'] === false
}
