/** A load that refuses nobody. */
import type { Load } from '../../src/server/load.ts'

export const NO_LOAD: Load = { delayMs: 0, admit() {}, start() {}, stop() {} }
