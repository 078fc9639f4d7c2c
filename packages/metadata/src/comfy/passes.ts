import type { ComfyGraph, ComfyNode } from './graph.js'

/** One sampler of a graph. */
export interface Pass {
  /** The sampler and the nodes that hold its settings. */
  readonly nodes: readonly ComfyNode[]
  readonly seed?: string | number | undefined
  readonly steps?: number | undefined
  readonly cfg?: string | number | undefined
  readonly sampler?: string | undefined
  readonly scheduler?: string | undefined
  readonly denoise?: string | number | undefined
  /** The step at which a sampler with steps from and to stops, when it is before the last. */
  readonly endsAt?: number | undefined
  readonly model?: ComfyNode | undefined
  readonly positive?: ComfyNode | undefined
  readonly negative?: ComfyNode | undefined
  readonly latent?: ComfyNode | undefined
}

export interface Passes {
  /** In the order in which they run, each with what enlarges the picture before it. */
  readonly samplers: readonly { readonly pass: Pass; readonly before: readonly ComfyNode[] }[]
  /** What enlarges the picture behind the last. */
  readonly behind: readonly ComfyNode[]
}

/** Follows the graph back from what it saves, or shows, to its first sampler. */
export function passesTo(graph: ComfyGraph): Passes {
  const samplers: { pass: Pass; before: readonly ComfyNode[] }[] = []
  const seen = new Set<ComfyNode>()
  let between: ComfyNode[] = []
  let behind: readonly ComfyNode[] = []
  let at = outputOf(graph)
  while (at !== undefined && !seen.has(at)) {
    seen.add(at)
    const pass = passOf(graph, at)
    if (pass !== undefined) {
      const later = samplers[0]
      if (later === undefined) behind = between
      else later.before = between
      between = []
      samplers.unshift({ pass, before: [] })
    } else if (enlarging.has(at.type)) between.push(at)
    const node: ComfyNode = at
    at = pass === undefined ? firstOf(carried, (key) => graph.from(node, key)) : pass.latent
  }
  return { samplers, behind }
}

/** Inputs that carry the picture, as pixels or as a latent. */
const carried = ['samples', 'latent_image', 'latent', 'pixels', 'image', 'images']

const enlarging = new Set([
  'LatentUpscale',
  'LatentUpscaleBy',
  'ImageUpscaleWithModel',
  'ImageScale',
  'ImageScaleBy',
])

function outputOf(graph: ComfyGraph): ComfyNode | undefined {
  const nodes = [...graph.nodes.values()]
  const named = (wanted: RegExp) => nodes.find(({ type }) => wanted.test(type))
  return (
    named(/^SaveImage/) ??
    named(/save.*image|image.*save/i) ??
    named(/^(PreviewImage|VAEDecode)/) ??
    named(/^(KSampler|SamplerCustom)/)
  )
}

function passOf(graph: ComfyGraph, node: ComfyNode): Pass | undefined {
  switch (node.type) {
    case 'KSampler':
    case 'KSamplerAdvanced':
      return plain(graph, node)
    case 'SamplerCustom':
    case 'SamplerCustomAdvanced':
      return custom(graph, node)
    default:
      return undefined
  }
}

function plain(graph: ComfyGraph, node: ComfyNode): Pass {
  const steps = number(graph.value(node, 'steps'))
  const end = number(graph.value(node, 'end_at_step'))
  const start = number(graph.value(node, 'start_at_step'))
  const late =
    steps !== undefined && start !== undefined && start > 0 ? 1 - start / steps : undefined
  return {
    nodes: [node],
    seed: graph.value(node, 'seed') ?? graph.value(node, 'noise_seed'),
    steps,
    cfg: graph.value(node, 'cfg'),
    sampler: word(graph.value(node, 'sampler_name')),
    scheduler: word(graph.value(node, 'scheduler')),
    denoise: graph.value(node, 'denoise') ?? late,
    endsAt: steps !== undefined && end !== undefined && end < steps ? end : undefined,
    model: graph.from(node, 'model'),
    positive: graph.from(node, 'positive'),
    negative: graph.from(node, 'negative'),
    latent: graph.from(node, 'latent_image'),
  }
}

function custom(graph: ComfyGraph, node: ComfyNode): Pass {
  const [noise, guider, selected, sigmas] = ['noise', 'guider', 'sampler', 'sigmas'].map((key) =>
    graph.from(node, key),
  )
  const guide = guider ?? node
  const of = (from: ComfyNode | undefined, key: string) =>
    from === undefined ? undefined : graph.value(from, key)
  return {
    nodes: [node, noise, guider, selected, sigmas].filter((one) => one !== undefined),
    seed: of(noise, 'noise_seed') ?? of(node, 'noise_seed'),
    steps: number(of(sigmas, 'steps')),
    // A guider without cfg runs the positive prompt alone.
    cfg: of(guide, 'cfg') ?? (guider === undefined ? undefined : 1),
    sampler: word(of(selected, 'sampler_name')),
    scheduler: word(of(sigmas, 'scheduler')),
    denoise: of(sigmas, 'denoise'),
    model: graph.from(guide, 'model'),
    positive: graph.from(guide, 'positive') ?? graph.from(guide, 'conditioning'),
    negative: graph.from(guide, 'negative'),
    latent: graph.from(node, 'latent_image'),
  }
}

function number(value: string | number | undefined): number | undefined {
  const read = typeof value === 'string' ? Number(value) : value
  return read !== undefined && Number.isFinite(read) ? read : undefined
}

function word(value: string | number | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function firstOf<T>(keys: readonly string[], find: (key: string) => T | undefined): T | undefined {
  for (const key of keys) {
    const found = find(key)
    if (found !== undefined) return found
  }
  return undefined
}
