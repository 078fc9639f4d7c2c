import { defineErrors } from '@stagewright/core'

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`

/** Every error of this package, one factory per code. */
export const errors = defineErrors({
  SW_IMAGE_BAD_REFERENCE: {
    kind: 'config',
    message: (d: { reference: string; problem: string }) =>
      `${JSON.stringify(d.reference)} is no path, folder or glob: ${d.problem}`,
    hint: 'name a picture, a folder or a glob, relative to the run file',
  },
  SW_IMAGE_CHANGED: {
    kind: 'io',
    message: (d: { file: string }) => `${d.file} changed while the run was using it`,
    hint: 'leave the given pictures alone until the run is over, then run again',
  },
  SW_IMAGE_FILE_NOT_FOUND: {
    kind: 'config',
    message: (d: { reference: string; root: string }) =>
      `no file or folder at ${JSON.stringify(d.reference)} (looked in ${d.root})`,
    hint: 'check the spelling; paths are relative to the run file',
  },
  SW_IMAGE_FILE_UNREADABLE: {
    kind: 'io',
    message: (d: { file: string; reason: string }) => `${d.file} cannot be read: ${d.reason}`,
    hint: 'give a whole PNG, JPEG, WebP, AVIF, TIFF or GIF file that you may read',
  },
  SW_IMAGE_OUTSIDE_ROOT: {
    kind: 'config',
    message: (d: { reference: string; target: string; root: string }) =>
      `${JSON.stringify(d.reference)} leads to ${d.target}, outside of ${d.root}`,
    hint: (d) => `move the picture beside the run file, or allow it with --allow-path ${d.target}`,
  },
  SW_IMAGE_TOO_LARGE: {
    kind: 'config',
    message: (d: { file: string; bytes: number; most: number }) =>
      `${d.file} is ${megabytes(d.bytes)}; files up to ${megabytes(d.most)} are read`,
    hint: 'save the picture smaller, or raise maxFileBytes',
  },
  SW_IMAGE_TOO_MANY: {
    kind: 'config',
    message: (d: { reference: string; most: number }) =>
      `${JSON.stringify(d.reference)} names more than ${d.most} files`,
    hint: 'name fewer pictures: a narrower glob, or several runs',
  },
  SW_IMAGE_TOO_MANY_PIXELS: {
    kind: 'config',
    message: (d: { file: string; width: number; height: number; most: number }) =>
      `${d.file} is ${d.width}x${d.height}; pictures up to ${Math.round(d.most / 1e6)} megapixels are read`,
    hint: 'scale the picture down, or raise maxPixels',
  },
})
