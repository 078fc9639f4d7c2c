// What the generator writes with, and the test of the documentation checks with.
export { kindsOf } from './catalogue.mjs'
export { catalogues } from './catalogues.mjs'
export { exampleNames } from './examples.mjs'
export { generatedFolders, pagesOf, replaceAll } from './pages.mjs'
