import { operation, type Operation, type StageImage } from '@stagewright/core'

export interface RemoveBackgroundRequest {
  readonly image: StageImage
  readonly model: string
  readonly alpha_matting: boolean
}

/** One picture in, the same size out, with transparency where the background was. */
export const RemoveBackground: Operation<RemoveBackgroundRequest> =
  operation('acme_remove_background')
