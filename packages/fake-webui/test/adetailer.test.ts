import { describe, expect, test } from 'vitest'

import { drawn, pixelsOf, sizeOf, started } from './client.js'

const face = { ad_model: 'face_yolov8n.pt' }
const ad = (...args: unknown[]): Record<string, unknown> => ({
  alwayson_scripts: { ADetailer: { args } },
})

describe.each(['a1111', 'forge', 'reforge'] as const)('%s', (dialect) => {
  test('a unit redraws a part of the finished picture, in any case of the title', async () => {
    await using client = await started({ dialect })
    const plain = await client.txt2img({})
    const detailed = await client.txt2img(ad(true, false, face))
    expect(await pixelsOf(detailed.json.images[0])).not.toBe(await pixelsOf(plain.json.images[0]))
    const { infotexts, extra_generation_params } = JSON.parse(detailed.json.info)
    expect(infotexts[0]).toContain('ADetailer model: face_yolov8n.pt')
    expect(extra_generation_params['ADetailer model']).toBe('face_yolov8n.pt')
    const lower = await client.txt2img({
      alwayson_scripts: { adetailer: { args: [true, false, face] } },
    })
    expect(lower.json.images[0]).toBe(detailed.json.images[0])
  })

  test('the form with the unit first leaves the page’s own unit behind it: a second pass', async () => {
    await using client = await started({ dialect })
    const { json } = await client.txt2img(ad({ ad_model: 'hand_yolov8n.pt' }))
    const { extra_generation_params } = JSON.parse(json.info)
    expect(extra_generation_params).toMatchObject({
      'ADetailer model': 'hand_yolov8n.pt',
      'ADetailer model 2nd': 'face_yolov8n.pt',
    })
  })

  test.each([
    [{ ad_model: 'face_yolov8n.pt', ad_mask_k_largest: 1 }, 'not an argument'],
    [{ ad_model: 'face_yolov8n.pt', ad_confidence: 3 }, 'is over 1'],
    [{ ad_model: 'face_yolov8n.pt', ad_steps: null }, 'is null'],
  ])('an invalid unit is skipped without a word: %j', async (unit, why) => {
    await using client = await started({ dialect })
    const plain = await client.txt2img({})
    const { status, json } = await client.txt2img(ad(true, false, unit))
    expect(status).toBe(200)
    expect(await pixelsOf(json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
    expect(client.fake.ignored[0]!.fields[0]!.why).toContain(why)
  })

  test('an unknown detector answers 200 with the picture as it was, and infotext claims otherwise', async () => {
    await using client = await started({ dialect })
    const plain = await client.txt2img({})
    const { status, json } = await client.txt2img(ad(true, false, { ad_model: 'nope.pt' }))
    expect(status).toBe(200)
    expect(await pixelsOf(json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
    expect(JSON.parse(json.info).infotexts[0]).toContain('ADetailer model: nope.pt')
  })

  test.each(['nothing', 'detector_error', 'oom'] as const)('%s in it is no error', async (kind) => {
    await using client = await started({ dialect })
    const plain = await client.txt2img({})
    client.fake.faults.add({ kind, match: { stage: 'adetailer' } })
    const { status, json } = await client.txt2img(ad(true, false, face))
    expect(status).toBe(200)
    expect(await pixelsOf(json.images[0])).toBe(await pixelsOf(plain.json.images[0]))
  })

  test('alone on a picture: the picture keeps its size, infotext tells of the carrier', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(96, 160)]
    const { json } = await client.img2img({ init_images, ...ad(true, true, face) })
    expect(await sizeOf(json.images[0])).toBe('png 96x160')
    expect(await pixelsOf(json.images[0])).not.toBe(await pixelsOf(init_images[0]!))
    expect(JSON.parse(json.info).infotexts[0]).toContain('Steps: 1, Sampler: Euler,')
    expect(JSON.parse(json.info).infotexts[0]).toContain('Size: 128x128')
  })

  test('alone, with its units refused, a full img2img runs at width and height', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(96, 160)]
    const { json } = await client.img2img({ init_images, ...ad(true, true, { ad_modle: 'x' }) })
    expect(await sizeOf(json.images[0])).toBe('png 64x64')
  })

  test('alone with a mask it switches itself off', async () => {
    await using client = await started({ dialect })
    const init_images = [await drawn(64, 64)]
    const mask = await drawn(64, 64, '#ffffff')
    const masked = await client.img2img({ init_images, mask })
    const both = await client.img2img({ init_images, mask, ...ad(true, true, face) })
    expect(both.json.images[0]).toBe(masked.json.images[0])
  })

  test('its page’s switch, its None and ad_tab_enable keep it off', async () => {
    await using client = await started({ dialect })
    const plain = await client.txt2img({})
    for (const off of [
      ad(false),
      ad(false, false, face),
      ad(true, false, { ad_model: 'None' }),
      ad(true, false, { ...face, ad_tab_enable: false }),
    ])
      expect((await client.txt2img(off)).json.images[0]).toBe(plain.json.images[0])
  })

  test('its page may have it on for every job, unless the request says otherwise', async () => {
    await using usual = await started({ dialect })
    await using client = await started({ dialect, adetailer: 'switched_on' })
    const repaired = await usual.txt2img(ad(true, false, { ad_model: 'face_yolov8n.pt' }))
    expect((await client.txt2img({})).json.images[0]).toBe(repaired.json.images[0])
    const plain = await usual.txt2img({})
    expect((await client.txt2img(ad(false))).json.images[0]).toBe(plain.json.images[0])
  })

  test('it runs on the base checkpoint, after the refiner too', async () => {
    await using client = await started({ dialect })
    await client.txt2img({
      ...ad(true, false, face),
      refiner_checkpoint: 'refiner',
      refiner_switch_at: 0.5,
    })
    expect(client.fake.state.loaded).toBe('v1-5-pruned-emaonly.safetensors')
    expect(client.fake.state.loads).toHaveLength(3)
  })

  test('more units than its page has are cut off', async () => {
    await using client = await started({ dialect, settings: { ad_max_models: 1 } })
    const { headers } = await client.txt2img(ad(true, false, face, face))
    expect(headers['x-fake-ignored']).toBe('alwayson_scripts.ADetailer.args[3]')
  })

  test('its own routes answer', async () => {
    await using client = await started({ dialect, detectors: ['face_yolov8n.pt'] })
    expect((await client.get('/adetailer/v1/ad_model')).json).toEqual({
      ad_model: ['face_yolov8n.pt'],
    })
    expect((await client.get('/adetailer/v1/version')).json).toEqual({ version: '25.3.0' })
    const { json } = await client.get('/adetailer/v1/schema')
    expect(json).toMatchObject({
      additionalProperties: false,
      properties: { ad_confidence: { default: 0.3, minimum: 0, maximum: 1 } },
    })
    expect(Object.keys(json.properties)).toHaveLength(43)
  })

  test('not installed, it is a script that is not found', async () => {
    await using client = await started({ dialect, adetailer: false })
    expect((await client.txt2img(ad(true, false, face))).status).toBe(422)
    expect((await client.get('/adetailer/v1/version')).status).toBe(404)
  })
})

test('the count of parts grows while faces are found, so progress goes back', async () => {
  await using client = await started({ dialect: 'a1111' })
  client.fake.faults.add({ kind: 'stall', at: 'during', step: 3 })
  const answer = client.txt2img(ad(true, false, { ...face, ad_use_steps: true, ad_steps: 10 }))
  await client.fake.until(
    ({ samplingSteps, samplingStep }) => samplingSteps === 5 && samplingStep === 2,
  )
  const { json } = await client.get('/sdapi/v1/progress?skip_current_image=true')
  expect(json.state.job_count).toBe(2)
  client.fake.faults.release()
  expect((await answer).status).toBe(200)
})
