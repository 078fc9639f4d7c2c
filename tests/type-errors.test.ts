import { execFile } from 'node:child_process'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** What the compiler prints of the programs beside this file, by program. */
const printed = new Promise<Map<string, string>>((done) => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const argv = [tsc, '-p', join(import.meta.dirname, 'type-errors'), '--pretty', 'false']
  execFile(process.execPath, argv, { cwd: join(import.meta.dirname, 'type-errors') }, (_, out) => {
    const programs = out.split(/^(?=\S)/m).map((text): [string, string] => {
      const name = /([\w-]+)\.ts\(/.exec(text)?.[1] ?? text
      return [name, text.trimEnd()]
    })
    done(new Map(programs))
  })
})

describe('the compiler', () => {
  test('refuses nothing but the three mistakes', async () => {
    expect([...(await printed).keys()].toSorted()).toEqual([
      'absent-section',
      'missing-option',
      'misspelt-option',
    ])
  })

  test('names the section of a stage that is not there', async () => {
    expect((await printed).get('absent-section')).toMatchInlineSnapshot(
      `"absent-section.ts(7,53): error TS2353: Object literal may only specify known properties, and 'upscale' does not exist in type '{ readonly adetailer?: { enabled?: boolean | undefined; units: { name?: string | undefined; ad_model: string; ad_model_classes?: string | undefined; ad_prompt?: string | undefined; ad_negative_prompt?: string | undefined; ... 36 more ...; ad_controlnet_guidance_end?: number | undefined; }[]; } | null; readonly txt2i...'."`,
    )
  })

  test('names a misspelt option, and the one that was meant', async () => {
    expect((await printed).get('misspelt-option')).toMatchInlineSnapshot(
      `"misspelt-option.ts(7,51): error TS2561: Object literal may only specify known properties, but 'heigth' does not exist in type '{ enabled?: boolean | undefined; prompt?: string; negative_prompt?: string | undefined; styles?: string[] | undefined; model?: string | undefined; vae?: string | undefined; additional_modules?: string[] | undefined; ... 27 more ...; subseed?: number | undefined; }'. Did you mean to write 'height'?"`,
    )
  })

  test('names a required option that is missing', async () => {
    expect((await printed).get('missing-option')).toMatchInlineSnapshot(
      `"missing-option.ts(7,74): error TS2741: Property 'ad_model' is missing in type '{ name: string; }' but required in type '{ name?: string | undefined; ad_model: string; ad_model_classes?: string | undefined; ad_prompt?: string | undefined; ad_negative_prompt?: string | undefined; ad_confidence?: number | undefined; ... 35 more ...; ad_controlnet_guidance_end?: number | undefined; }'."`,
    )
  })
})
