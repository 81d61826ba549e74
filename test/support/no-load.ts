/** A load that refuses nobody, and operations that are waited for. */
import type { Load } from '../../src/server/load.ts'

import type { Operations } from '../../src/server/operations.ts'

export const NO_OPERATIONS: Pick<Operations, 'answer'> = {
  answer: async (_req, _res, work) => work(),
}
export const NO_LOAD: Load = { delayMs: 0, admit() {}, start() {}, stop() {} }
