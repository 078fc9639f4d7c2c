// What the generator writes with, and the test of the documentation checks with.
export { kindsOf } from './catalogue.mjs'
export { catalogues } from './catalogues.mjs'
export { replaceGenerated } from './markdown.mjs'
export { pagesOf } from './pages.mjs'
