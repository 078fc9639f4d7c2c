import type { CallContext, Need } from '@stagewright/core'

/** What one call wants of a server. */
export interface Wanted {
  readonly stage: string
  readonly operation: string
  readonly slots: readonly string[]
  readonly needs: readonly Need[]
  /** Largest seed it uses; 0 where there is none. */
  readonly seed: number
  /** Sides that the server would round, in pixels. */
  readonly sides: readonly number[]
}

/** What a call wants, by its request and context. Models that the request names count beside what the plan says: one that
 *  redraws a picture has the picture's. */
export function wantedBy(operation: string, request: unknown, ctx: CallContext): Wanted {
  const fields = fieldsOf(request)
  const { seed, batch_size: batch, width, height } = fields
  const { needs = [] } = ctx
  const models = modelsOf(request, ctx).filter(
    (name) => !needs.some((need) => need.kind === 'model' && need.name === name),
  )
  return {
    stage: ctx.stage,
    operation,
    slots: [...new Set(ctx.contributions.map(({ slot }) => slot))],
    needs: [...needs, ...models.map((name) => ({ kind: 'model', name, path: 'model' }))],
    seed: typeof seed === 'number' ? seed + (typeof batch === 'number' ? batch - 1 : 0) : 0,
    sides: [width, height, ...hiresSides(fields, ctx)].filter(
      (side): side is number => typeof side === 'number' && side > 0,
    ),
  }
}

/** Checkpoints that a call loads, in order: its own, that of a high-res pass, a refiner. */
export function modelsOf(request: unknown, { contributions }: Pick<CallContext, 'contributions'>) {
  const values = [request, ...contributions.map(({ value }) => value)].map(fieldsOf)
  const names = ['model', 'hr_checkpoint_name', 'refiner_checkpoint'].flatMap((key) =>
    values.map((value) => value[key]),
  )
  return [...new Set(names.filter((name): name is string => typeof name === 'string'))]
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** The sides that a high-res pass aims at. */
function hiresSides({ width, height }: Fields, { contributions }: CallContext): unknown[] {
  return contributions
    .map(({ value }) => fieldsOf(value))
    .flatMap(({ hr_scale: scale, hr_resize_x: x, hr_resize_y: y }) => [
      x,
      y,
      ...[width, height].map((side) =>
        typeof side === 'number' && typeof scale === 'number' && !x && !y ? side * scale : 0,
      ),
    ])
}
