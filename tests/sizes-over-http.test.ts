import { webui } from '@stagewright/backend-webui'
import { createPipeline } from '@stagewright/core'
import { startFakeWebui } from '@stagewright/fake-webui'
import { refiner } from '@stagewright/stage-refiner'
import { txt2img } from '@stagewright/stage-txt2img'
import { expect, test } from 'vitest'

const dialects = ['a1111', 'forge', 'reforge', 'sdnext', 'sdcpp'] as const

test.each(
  dialects.flatMap((dialect) =>
    [{ hr_scale: 2 }, { hr_scale: 1.7 }, { hr_resize_x: 300 }, { hr_resize_y: 300 }].map(
      (target) => [dialect, target] as const,
    ),
  ),
)(
  'a picture of a size off the grid is enlarged on %s to the size that was forecast: %j',
  async (dialect, target) => {
    await using fake = await startFakeWebui({ dialect, tinyPictures: true })
    await using backend = webui({ url: fake.url, pollInterval: 5 })
    const strategies =
      dialect === 'sdcpp' ? ['merged' as const] : ['merged' as const, 'own' as const]
    const sizes = new Set<string>()
    for (const hr_strategy of strategies) {
      await using pipeline = createPipeline({ backend, stages: [txt2img, refiner] })
      const result = await pipeline.run({
        prompt: 'a harbour',
        seed: 1004,
        steps: 2,
        width: 159,
        height: 95,
        txt2img: {},
        refiner: {
          enable_hr: true,
          hr_upscaler: 'Lanczos',
          hr_strategy,
          denoising_strength: 0.3,
          ...target,
        },
      })
      const [made] = result.images
      const forecast = result.plan.stages.find(({ name }) => name === 'refiner')?.output[0]
      expect([made?.width, made?.height]).toEqual([forecast?.width, forecast?.height])
      expect(result.warnings).toEqual([])
      sizes.add(`${made?.width}x${made?.height}`)
    }
    expect(sizes.size).toBe(1)
  },
)
