import { a1111 } from './a1111.js'
import type { Dialect, DialectName } from './dialect.js'
import { forge } from './forge.js'
import { reforge } from './reforge.js'
import { sdcpp } from './sdcpp.js'
import { sdnext } from './sdnext.js'

export const dialects: Readonly<Record<DialectName, Dialect>> = Object.freeze({
  a1111,
  forge,
  reforge,
  sdnext,
  sdcpp,
})
