import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import { defineConfig } from 'vitepress'

import { icon } from './icon.mjs'
import { repositoryRoot, writePackagePages } from './packages.mjs'

const docs = join(repositoryRoot, 'docs')
const repository = 'https://github.com/stagewright/stagewright'

/** Pages whose tables and pictures need the room of the outline. */
const wide =
  /^(errors|failures|servers|dependencies|decisions|run-files\/.*|examples\/.*|packages\/cli)\.md$/

export default defineConfig({
  title: 'Stagewright',
  description: 'Composes, checks, orders and runs multi-stage image pipelines for Stable Diffusion',
  lang: 'en-GB',
  head: [['link', { rel: 'icon', href: icon }]],
  srcExclude: ['node_modules/**'],
  transformPageData: (page) => {
    if (wide.test(page.relativePath)) page.frontmatter.aside = false
  },
  // Pages read the same in the repository: braces are no attributes, and colons no emoji.
  markdown: { config: linkOutside, anchor: { slugify: anchorOf }, attrs: false, emoji: false },
  // The index of the search is one chunk; it is loaded by the first search.
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    socialLinks: [{ icon: 'github', link: repository }],
    nav: [
      { text: 'Examples', link: '/examples/' },
      { text: 'Errors', link: '/errors' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: [
      group('Use it', [
        ['Start here', '/'],
        ['Compose a pipeline', '/compose'],
        ['Many runs, many servers', '/many-runs'],
        ['Servers', '/servers'],
        ['What goes wrong', '/failures'],
      ]),
      folder('Run files', 'run-files'),
      folder('Examples', 'examples'),
      group('Extend and test it', [
        ['Write a stage', '/write-a-stage'],
        ['Test without a GPU', '/testing'],
        ['Order and fusion', '/ordering'],
      ]),
      group('Look up', [
        ['Errors and notes', '/errors'],
        ['The command', '/packages/cli'],
        ['API', '/api/'],
      ]),
      {
        text: 'Packages',
        collapsed: true,
        items: writePackagePages().map((name) => ({ text: name, link: `/packages/${name}` })),
      },
      group('How it is built', [
        ['Decisions', '/decisions'],
        ['Architecture', '/architecture'],
        ['Dependencies', '/dependencies'],
      ]),
    ],
  },
})

/** @param {string} text
 *  @param {readonly (readonly [string, string])[]} pages */
function group(text, pages) {
  return { text, items: pages.map(([title, link]) => ({ text: title, link })) }
}

/** The pages of a folder under their own titles, in the order in which its first page lists them.
 *  @param {string} text
 *  @param {string} name */
function folder(text, name) {
  const read = (/** @type {string} */ page) => readFileSync(join(docs, name, page), 'utf8')
  const first = read('index.md')
  const place = (/** @type {string} */ page) => first.indexOf(`](${page})`)
  const pages = readdirSync(join(docs, name)).filter((page) => page !== 'index.md')
  const items = pages
    .toSorted((a, b) => place(a) - place(b))
    .map((page) => ({
      text: /^# (?:The section )?(.*)$/m.exec(read(page))?.[1] ?? page,
      link: `/${name}/${page.replace(/\.md$/, '')}`,
    }))
  return { text, link: `/${name}/`, collapsed: true, items }
}

/** The anchor of a heading as the repository's own view makes it, so that a link holds in both.
 *  @param {string} heading */
function anchorOf(heading) {
  const kept = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
  return kept.trim().replaceAll(/\s/g, '-')
}

/** Links are relative, so that they work in the repository too. To the README of a package they lead to its page here;
 *  other files outside of this folder are no pages, and links to them lead to the repository.
 *  @param {import('vitepress').MarkdownRenderer} md */
function linkOutside(md) {
  md.core.ruler.push('link-outside', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet('href')
      if (token.type !== 'link_open' || href === null || !href.startsWith('.')) continue
      const [path = '', anchor = ''] = href.split(/(?=#)/)
      const target = relative(repositoryRoot, resolve(dirname(env.path), path))
      const [, name] = /^packages\/([\w-]+)\/README\.md$/.exec(target) ?? []
      if (name !== undefined) token.attrSet('href', `/packages/${name}.md${anchor}`)
      else if (!target.startsWith('docs/'))
        token.attrSet('href', `${repository}/blob/main/${target}${anchor}`)
    }
  })
}
