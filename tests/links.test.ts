import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

import { expect, test } from 'vitest'

import { pages, root, textOf } from './pages.js'

const here = pages()

test.each(here)('every link of %s leads to a file, and to a heading that is there', (page) => {
  expect(deadLinks(page)).toEqual([])
})

test('the site has every page of docs/, and no two have one title', () => {
  const docs = here.filter((page) => page.startsWith('docs/'))
  const titles = docs.map((page) => /^# (.+)$/m.exec(prose(textOf(page)))?.[1])
  expect(titles).not.toContain(undefined)
  expect(titles).toEqual([...new Set(titles)])
})

test('a heading’s anchor is the one that GitHub and the site give it', () => {
  const page =
    '# A `word_one` & two!\n## Same\n## Same\n```md\n# no heading\n```\n### 8. Do it: now'
  expect(anchorsIn(page)).toEqual(['a-word_one--two', 'same', 'same-1', '8-do-it-now'])
})

function deadLinks(page: string): string[] {
  return linksIn(textOf(page)).filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false
    const [path = '', anchor] = link.split('#')
    const file = join(root, dirname(page), decodeURI(path))
    const target = path === '' ? page : relative(root, file).replaceAll('\\', '/')
    if (path !== '' && !existsSync(file)) return true
    // A folder has no page of its own everywhere; only the repository shows one.
    if (target.startsWith('docs/') && path !== '' && statSync(file).isDirectory()) return true
    if (anchor === undefined) return false
    return !target.endsWith('.md') || !anchorsIn(textOf(target)).includes(anchor)
  })
}

function linksIn(text: string): string[] {
  const links = prose(text).matchAll(/\]\(([^()\s]+(?:\([^()]*\)[^()\s]*)*)\)/g)
  return [...links].map(([, link = '']) => link)
}

/** The page without its code. */
function prose(text: string): string {
  return text.replaceAll(/^(```+).*\n[^]*?^\1$/gm, '').replaceAll(/`[^`\n]*`/g, (code) =>
    // A heading keeps the words of its code.
    code.replaceAll(/[[\]()]/g, ''),
  )
}

function anchorsIn(text: string): string[] {
  const seen = new Map<string, number>()
  const headings = [...prose(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) => {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}
