import { isMap } from '../block/json.js'

/** A node of a graph as ComfyUI runs it. */
export interface ComfyNode {
  readonly id: string
  readonly type: string
  readonly inputs: Readonly<Record<string, unknown>>
}

/** A graph whose nodes remember that they were read. */
export interface ComfyGraph {
  readonly nodes: ReadonlyMap<string, ComfyNode>
  /** The node that an input is linked to. */
  readonly from: (node: ComfyNode, input: string) => ComfyNode | undefined
  /** The value of an input, also through a node that holds nothing but a value. */
  readonly value: (node: ComfyNode, input: string) => string | number | undefined
  /** Marks a node as told. */
  readonly tell: (node: ComfyNode) => void
  readonly untold: () => readonly ComfyNode[]
}

/** Nodes that a graph may have. */
const mostNodes = 5000

/** Reads the JSON of a `prompt` chunk; undefined for anything else. Python's NaN, which JSON has not, counts as null. */
export function readGraph(json: string): ComfyGraph | undefined {
  const value = parsed(json)
  if (!isMap(value)) return undefined
  const nodes = new Map<string, ComfyNode>()
  for (const [id, node] of Object.entries(value)) {
    if (!isMap(node) || typeof node['class_type'] !== 'string') continue
    nodes.set(id, {
      id,
      type: node['class_type'],
      inputs: isMap(node['inputs']) ? node['inputs'] : {},
    })
  }
  if (nodes.size === 0 || nodes.size > mostNodes) return undefined
  const told = new Set<string>()
  const from = (node: ComfyNode, input: string): ComfyNode | undefined => {
    const link: unknown = node.inputs[input]
    return Array.isArray(link) && link.length === 2 ? nodes.get(String(link[0])) : undefined
  }
  return {
    nodes,
    from,
    value: (node, input) => {
      let at: ComfyNode | undefined = node
      let key = input
      for (let steps = 0; at !== undefined && steps < 16; steps++) {
        const own: unknown = at.inputs[key]
        if (typeof own === 'string' || typeof own === 'number') {
          if (at !== node) told.add(at.id)
          return own
        }
        at = from(at, key)
        key = valueKeys.find((one) => at?.inputs[one] !== undefined) ?? input
      }
      return undefined
    },
    tell: (node) => told.add(node.id),
    untold: () => [...nodes.values()].filter(({ id }) => !told.has(id)),
  }
}

/** Inputs under which nodes that hold a value keep it. */
const valueKeys = ['value', 'text', 'string', 'int', 'float', 'seed', 'Text', 'STRING', 'INT']

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    try {
      return JSON.parse(json.replaceAll(/([[:,]\s*)(?:NaN|-?Infinity)(?=\s*[\]},])/g, '$1null'))
    } catch {
      return undefined
    }
  }
}
