/** Rules of the reference model that are broken one by one, and the suites that must notice. */
import { MODEL_BYTES_MUTATIONS } from './model-bytes.ts'
import { MODEL_MUTATIONS } from './model-contexts.ts'
import { MODEL_PACKAGE_MUTATIONS } from './model-packages.ts'
import type { Suite, Target } from './suites.ts'

const SUITES: readonly Suite[] = [
  { files: ['test/property/anchor/*.test.ts', 'test/unit/anchor/*.test.ts'] },
  { files: ['test/compliance/anchor/memory.test.ts'] },
]

export const MODEL: Target = {
  mutations: [...MODEL_MUTATIONS, ...MODEL_BYTES_MUTATIONS, ...MODEL_PACKAGE_MUTATIONS],
  suitesFor: () => SUITES,
}
