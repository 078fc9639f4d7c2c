import { modelStem } from '../infotext/names.js'
import { type Pair, told } from '../infotext/pairs.js'
import type { ParsedInfotext } from '../infotext/parse.js'
import { webuiSampler, webuiScheduler } from '../infotext/sampler-names.js'
import { type ComfyGraph, type ComfyNode, readGraph } from './graph.js'
import { type Pass, passesTo } from './passes.js'
import {
  type Conditioning,
  conditioningOf,
  latentOf,
  modelOf,
  type ModelSource,
} from './sources.js'

/** A graph of ComfyUI in the words of an infotext. */
export interface ParsedComfy extends ParsedInfotext {
  /** Nodes that say nothing an infotext has a word for. */
  readonly unmapped: readonly { readonly id: string; readonly class_type: string }[]
}

/** Reads ComfyUI's graph (the `prompt` of a picture, JSON) as far as a WebUI has words for it: samplers (KSampler,
 *  KSamplerAdvanced, SamplerCustomAdvanced) with seed, steps, cfg, sampler, scheduler and denoise; the checkpoint or
 *  diffusion model with encoders and VAE; prompts; size; LoRAs as tags; a second pass as hires, one on another model as
 *  refiner; an upscale model behind it. Names are the WebUI's. Undefined for what is no graph.
 *  @source ComfyUI nodes.py, comfy_extras/nodes_custom_sampler.py */
export function parseComfy(json: string): ParsedComfy | undefined {
  const graph = readGraph(json)
  if (graph === undefined) return undefined
  const { samplers, behind } = passesTo(graph)
  const first = samplers[0]?.pass
  const conditioning = first === undefined ? undefined : conditioningOf(graph, first)
  const model = first === undefined ? undefined : modelOf(graph, first.model)
  const pairs = told([
    ...(first === undefined ? [] : firstPairs(graph, first, conditioning, model)),
    ...(first === undefined
      ? []
      : samplers.slice(1, 2).flatMap((later) => laterPairs(graph, first, model, later))),
    ...enlargement(graph, behind),
    ['Version', 'ComfyUI'],
  ])
  const loras = (model?.loras ?? []).join(' ')
  return {
    prompt: [conditioning?.positive ?? '', loras].filter((one) => one !== '').join(' '),
    negative_prompt: conditioning?.negative ?? '',
    pairs,
    dialect: 'comfyui',
    unmapped: graph
      .untold()
      .filter(({ type }) => !plumbing.has(type))
      .map(({ id, type }) => ({ id, class_type: type })),
  }
}

/** Nodes that hand on, decode, show or save. */
const plumbing = new Set([
  'VAEDecode',
  'VAEDecodeTiled',
  'SaveImage',
  'SaveImageWebsocket',
  'PreviewImage',
  'Note',
  'Reroute',
  'PrimitiveNode',
])

function firstPairs(
  graph: ComfyGraph,
  pass: Pass,
  conditioning: Conditioning | undefined,
  model: ModelSource | undefined,
): Pair[] {
  pass.nodes.forEach(graph.tell)
  const latent = latentOf(graph, pass.latent)
  const skip = conditioning?.clipSkip
  return [
    ['Steps', pass.steps],
    ['Sampler', pass.sampler && webuiSampler(pass.sampler)],
    ['Schedule type', pass.scheduler && webuiScheduler(pass.scheduler)],
    ['CFG scale', pass.cfg],
    ['Distilled CFG Scale', conditioning?.guidance],
    ['Seed', pass.seed],
    ['Size', latent?.size],
    ['Model', model?.name],
    ['VAE', model?.vae],
    ...(model?.modules ?? []).map((name, i): Pair => [`Module ${i + 1}`, name]),
    ['Clip skip', skip === 1 ? undefined : skip],
    ['Batch size', latent?.batch === 1 ? undefined : latent?.batch],
    // Of a pass that starts from a picture.
    ['Denoising strength', latent === undefined ? pass.denoise : undefined],
  ]
}

/** A second sampler behind an enlargement is a high-res pass, one on another model a refiner; any other has no words. */
function laterPairs(
  graph: ComfyGraph,
  first: Pass,
  model: ModelSource | undefined,
  { pass, before }: { readonly pass: Pass; readonly before: readonly ComfyNode[] },
): Pair[] {
  const own = modelOf(graph, pass.model)
  const name = own.name === model?.name ? undefined : own.name
  if (before.length > 0) return hiresPairs(graph, first, name, { pass, before })
  if (name === undefined) return []
  pass.nodes.forEach(graph.tell)
  conditioningOf(graph, pass)
  const { steps, endsAt } = first
  return [
    ['Refiner', name],
    ['Refiner switch at', steps && endsAt && endsAt / steps],
    ['Refiner switch by sampling steps', 'True'],
  ]
}

function hiresPairs(
  graph: ComfyGraph,
  first: Pass,
  checkpoint: string | undefined,
  { pass, before }: { readonly pass: Pass; readonly before: readonly ComfyNode[] },
): Pair[] {
  pass.nodes.forEach(graph.tell)
  const { by, size, upscaler } = enlarged(graph, before)
  const base = conditioningOf(graph, first)
  const words = conditioningOf(graph, pass)
  const { sampler, scheduler, cfg } = pass
  return [
    ['Denoising strength', pass.denoise],
    ['Hires upscale', by],
    ['Hires resize', by === undefined ? size : undefined],
    ['Hires steps', pass.steps],
    ['Hires upscaler', upscaler ?? 'Latent'],
    ['Hires sampler', sampler === first.sampler ? undefined : sampler && webuiSampler(sampler)],
    [
      'Hires schedule type',
      scheduler === first.scheduler ? undefined : scheduler && webuiScheduler(scheduler),
    ],
    ['Hires CFG Scale', cfg === first.cfg ? undefined : cfg],
    ['Hires prompt', words.positive === base.positive ? undefined : words.positive],
    ['Hires negative prompt', words.negative === base.negative ? undefined : words.negative],
    ['Hires checkpoint', checkpoint],
  ]
}

function enlargement(graph: ComfyGraph, nodes: readonly ComfyNode[]): Pair[] {
  if (nodes.length === 0) return []
  const { by, size, upscaler } = enlarged(graph, nodes)
  return [
    ['Postprocess upscale by', by],
    ['Postprocess upscale to', by === undefined ? size : undefined],
    ['Postprocess upscaler', upscaler ?? 'Lanczos'],
  ]
}

/** What the nodes between two samplers, or behind the last, do together. */
function enlarged(graph: ComfyGraph, nodes: readonly ComfyNode[]) {
  let file: string | number | undefined
  let by: string | number | undefined
  let size: string | undefined
  for (const node of nodes) {
    graph.tell(node)
    const loader = graph.from(node, 'upscale_model')
    if (loader !== undefined) {
      graph.tell(loader)
      file ??= graph.value(loader, 'model_name')
    }
    by ??= graph.value(node, 'scale_by')
    const width = graph.value(node, 'width')
    if (width !== undefined) size ??= `${width}x${graph.value(node, 'height') ?? 0}`
  }
  // A factor behind a model that enlarges counts from the model's, which no node tells.
  const alone = file === undefined ? by : undefined
  const upscaler = file === undefined ? undefined : modelStem(String(file))
  return { by: alone, size, upscaler }
}
