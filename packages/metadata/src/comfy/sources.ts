import { modelStem } from '../infotext/names.js'
import type { ComfyGraph, ComfyNode } from './graph.js'
import type { Pass } from './passes.js'

/** What a sampler is told to show. */
export interface Conditioning {
  readonly positive: string
  readonly negative: string
  /** Of Flux models. */
  readonly guidance?: string | number | undefined
  readonly clipSkip?: number | undefined
}

/** Where a sampler's model comes from. */
export interface ModelSource {
  readonly name?: string | undefined
  readonly vae?: string | undefined
  /** Encoders and VAE of a model that is loaded without them. */
  readonly modules: readonly string[]
  /** Tags, in the order in which they are applied. */
  readonly loras: readonly string[]
}

/** The prompts behind a sampler's links; several that are combined are joined by lines. */
export function conditioningOf(graph: ComfyGraph, pass: Pass): Conditioning {
  const positive = textsBehind(graph, pass.positive)
  const negative = textsBehind(graph, pass.negative)
  return {
    positive: positive.texts.join('\n'),
    negative: negative.texts.join('\n'),
    guidance: positive.guidance,
    clipSkip: positive.clipSkip,
  }
}

/** The checkpoint or model, and the LoRAs between it and the sampler. */
export function modelOf(graph: ComfyGraph, start: ComfyNode | undefined): ModelSource {
  const loras: string[] = []
  for (const node of chain(graph, start, ['model'])) {
    const { type } = node
    if (type === 'LoraLoader' || type === 'LoraLoaderModelOnly') {
      graph.tell(node)
      loras.unshift(tag(graph, node))
    }
    const checkpoint = graph.value(node, 'ckpt_name')
    const unet = graph.value(node, 'unet_name')
    if (checkpoint === undefined && unet === undefined) continue
    graph.tell(node)
    const files = separate(graph)
    return checkpoint === undefined
      ? { name: modelStem(String(unet)), modules: files.all, loras }
      : { name: modelStem(String(checkpoint)), vae: files.vae, modules: [], loras }
  }
  return { modules: [], loras }
}

/** The size of an empty latent; nothing when the sampler starts from a picture. */
export function latentOf(graph: ComfyGraph, start: ComfyNode | undefined) {
  for (const node of chain(graph, start, ['samples', 'latent_image', 'latent', 'pixels'])) {
    const width = graph.value(node, 'width')
    const height = graph.value(node, 'height')
    if (!/Empty.*Latent/.test(node.type) || width === undefined || height === undefined) continue
    graph.tell(node)
    return { size: `${width}x${height}`, batch: Number(graph.value(node, 'batch_size') ?? 1) }
  }
  return undefined
}

interface TextsBehind {
  readonly texts: readonly string[]
  readonly guidance?: string | number | undefined
  readonly clipSkip?: number | undefined
}

const conditionings = [
  'conditioning',
  'conditioning_1',
  'conditioning_2',
  'conditioning_to',
  'conditioning_from',
  'positive',
]

function textsBehind(graph: ComfyGraph, start: ComfyNode | undefined): TextsBehind {
  const texts: string[] = []
  let guidance: string | number | undefined
  let clipSkip: number | undefined
  const seen = new Set<ComfyNode>()
  const open = start === undefined ? [] : [start]
  for (let node = open.shift(); node !== undefined; node = open.shift()) {
    if (seen.has(node)) continue
    seen.add(node)
    const { type } = node
    if (type === 'ConditioningZeroOut') {
      graph.tell(node)
      continue
    }
    const text = textOf(graph, node)
    if (text !== undefined) {
      texts.push(text)
      clipSkip ??= clipSkipOf(graph, graph.from(node, 'clip'))
    }
    if (text !== undefined || type === 'FluxGuidance') {
      graph.tell(node)
      guidance ??= graph.value(node, 'guidance')
    }
    for (const key of conditionings) {
      const next = graph.from(node, key)
      if (next !== undefined) open.push(next)
    }
  }
  return { texts, guidance, clipSkip }
}

function textOf(graph: ComfyGraph, node: ComfyNode): string | undefined {
  if (!node.type.startsWith('CLIPTextEncode')) return undefined
  const all = ['text', 't5xxl', 'text_g', 'text_l', 'clip_l'].map((key) => graph.value(node, key))
  const texts = all.filter((one): one is string => typeof one === 'string' && one !== '')
  // Two encoders are mostly given the same words.
  return [...new Set(texts)].join('\n')
}

function clipSkipOf(graph: ComfyGraph, start: ComfyNode | undefined): number | undefined {
  for (const node of chain(graph, start, ['clip'])) {
    if (node.type !== 'CLIPSetLastLayer') continue
    graph.tell(node)
    return -Number(graph.value(node, 'stop_at_clip_layer') ?? -1)
  }
  return undefined
}

function tag(graph: ComfyGraph, node: ComfyNode): string {
  const name = modelStem(String(graph.value(node, 'lora_name') ?? ''))
  const model = graph.value(node, 'strength_model') ?? 1
  const clip = graph.value(node, 'strength_clip') ?? model
  return clip === model ? `<lora:${name}:${model}>` : `<lora:${name}:${clip}:${model}>`
}

/** Encoders and VAE that are files of their own. */
function separate(graph: ComfyGraph): { readonly all: string[]; readonly vae: string | undefined } {
  const all: string[] = []
  let vae: string | undefined
  for (const node of graph.nodes.values()) {
    const isVae = node.type === 'VAELoader'
    if (!isVae && !/^(Dual|Triple)?CLIPLoader/.test(node.type)) continue
    graph.tell(node)
    for (const key of ['vae_name', 'clip_name', 'clip_name1', 'clip_name2', 'clip_name3']) {
      const name = graph.value(node, key)
      if (typeof name !== 'string') continue
      all.push(modelStem(name))
      if (isVae) vae ??= modelStem(name)
    }
  }
  return { all, vae }
}

/** The nodes behind a link, each found by the first of the inputs that it has. */
function chain(
  graph: ComfyGraph,
  start: ComfyNode | undefined,
  inputs: readonly string[],
): ComfyNode[] {
  const found = new Set<ComfyNode>()
  let at = start
  while (at !== undefined && !found.has(at)) {
    found.add(at)
    const node: ComfyNode = at
    const input = inputs.find((key) => graph.from(node, key) !== undefined)
    at = input === undefined ? undefined : graph.from(node, input)
  }
  return [...found]
}
