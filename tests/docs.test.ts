import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

import * as webui from '@stagewright/backend-webui'
import * as cli from '@stagewright/cli'
import * as core from '@stagewright/core'
import * as imageFiles from '@stagewright/image-files'
import * as runStore from '@stagewright/run-store'
import * as scheduler from '@stagewright/scheduler'
import * as adetailer from '@stagewright/stage-adetailer'
import * as img2img from '@stagewright/stage-img2img'
import * as refiner from '@stagewright/stage-refiner'
import * as txt2img from '@stagewright/stage-txt2img'
import * as upscale from '@stagewright/stage-upscale'
import * as testkit from '@stagewright/testkit'
import { describe, expect, test } from 'vitest'

// @boundaries-ignore the scripts of the root belong to no package
import {
  catalogues,
  exampleNames,
  generatedFolders,
  kindsOf,
  pagesOf,
  replaceAll,
} from '../scripts/docs/index.mjs'
import { pages as listed, root, textOf as read } from './pages.js'

const modules = { ...txt2img, ...img2img, ...refiner, ...upscale, ...adetailer }
const all = catalogues({ core, imageFiles, runStore, scheduler, cli, webui, stages: modules })
const { replaceGenerated } = testkit
const pages = await pagesOf({
  core,
  testkit,
  webui,
  runCli: cli.runCli,
  stages: [txt2img.txt2img, img2img.img2img, refiner.refiner, upscale.upscale, adetailer.adetailer],
  catalogues: all,
})

const parted = pages.flatMap((page) => ('parts' in page ? [page] : []))
const whole = pages.flatMap((page) => ('text' in page ? [page] : []))

describe('generated documentation', () => {
  test.each(pages.map((page) => [page.path, page] as const))(
    '%s is up to date; if not, run: pnpm run docs',
    (path, page) => {
      const text = read(path)
      expect(text).toBe('text' in page ? page.text : replaceAll(text, page.parts, replaceGenerated))
    },
  )

  test('holds every part that a page marks as generated', () => {
    for (const { path, parts } of parted) {
      const marked = [...read(path).matchAll(/<!-- generated:(\w+) -->/g)].map(([, name]) => name)
      expect(new Set(marked)).toEqual(new Set(Object.keys(parts)))
    }
  })

  test('has no page of something that is gone', () => {
    const known = new Set(pages.map(({ path }) => path))
    const present = generatedFolders.flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
    )
    expect(present.filter((path) => !known.has(path))).toEqual([])
  })

  test('says of nearly every export what it is', () => {
    const api = whole.filter(({ path }) => path.startsWith('docs/api/'))
    const members = api.flatMap(({ text }) => text.split(/^### /m).slice(1))
    const bare = members.filter((member) => /^\w+\n\n```/.test(member))
    expect(members.length).toBeGreaterThan(300)
    expect(bare.length / members.length).toBeLessThan(0.25)
  })

  test('shows a contact sheet of every example, and each is light', () => {
    for (const name of exampleNames()) {
      const page = read(`docs/examples/${name}.md`)
      expect(page).toContain(`](../images/${name}.webp)`)
      expect(statSync(join(root, 'docs/images', `${name}.webp`)).size).toBeLessThan(150_000)
    }
  })

  test('no message or remedy is spoilt by a missing detail', () => {
    for (const { parts } of parted)
      expect(Object.values(parts).join('\n')).not.toMatch(/undefined|NaN(?!\))|\[object/)
  })

  test('a part that a page lacks is an error, not an omission', () => {
    expect(() => replaceGenerated('# A page', 'config', '')).toThrow('generated:config')
  })
})

describe('docs/errors.md and the catalogues', () => {
  const page = read('docs/errors.md')
  const rows = [...page.matchAll(/^\| `(SW_[A-Z0-9_]+)` +\| (\w*)/gm)]
  const written = new Map(rows.map(([, code = '', second = '']) => [code, second]))
  const kinds = Object.values(all).flatMap(({ errors = {} }) => Object.entries(kindsOf(errors)))
  const notes = Object.values(all).flatMap((one) => Object.keys(one.notes ?? {}))

  test('every error of a catalogue has a row with its kind', () => {
    expect(kinds.length).toBeGreaterThan(50)
    for (const [code, kind] of kinds) expect([code, written.get(code)]).toEqual([code, kind])
  })

  test('every note of a catalogue has a row', () => {
    expect(notes.filter((code) => !written.has(code))).toEqual([])
  })

  test('a code belongs to one catalogue alone', () => {
    const codes = [...kinds.map(([code]) => code), ...notes]
    expect(codes).toEqual([...new Set(codes)])
  })

  test('every package that has a catalogue is in the page', () => {
    const declared = sources().flatMap((file) =>
      [...read(file).matchAll(/^ {2}(SW_[A-Z0-9_]+): /gm)].map(([, code]) => code),
    )
    expect(declared.filter((code) => !written.has(code ?? ''))).toEqual([])
    expect(written.size).toBe(new Set(declared).size)
  })

  test.each(listed())('every code that %s names is in a catalogue', (path) => {
    const known = new Set([...kinds.map(([code]) => code), ...notes])
    const named = [...read(path).matchAll(/\bSW_[A-Z0-9]+(?:_[A-Z0-9]+)+\b(?!_)/g)]
    expect(named.map(([code]) => code).filter((code) => !known.has(code))).toEqual([])
  })
})

test('every identifier that a page names is one of the sources', () => {
  const code = sources().map(read).join('\n')
  // The specification's own name stands beside ours in the architecture.
  const words = new Set(['StageExecutionPlan', ...(code.match(/\b\w+\b/g) ?? [])])
  const unknown = listed().flatMap((path) => {
    const prose = read(path).replaceAll(/^(`{3,}).*\n[^]*?^\1$/gm, '')
    const named = [...prose.matchAll(/`([a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*)(?:\([^`]*\))?`/g)]
    return named.flatMap(([, name = '']) => (words.has(name) ? [] : [`${path}: ${name}`]))
  })
  expect(unknown).toEqual([])
})

/** The sources of all packages. */
function sources(): string[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join('packages', name, 'src')
    const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    return files.filter((file) => file.endsWith('.ts')).map((file) => join(folder, file))
  })
}
