import { join } from 'node:path'

/** What the runs under `root` share: pictures, calls, locks, history. */
export function storeFolder(root: string): string {
  return join(root, '.stagewright')
}
