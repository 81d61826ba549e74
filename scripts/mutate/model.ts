/** Rules of the reference model that are broken one by one, and the suites that must notice. */
import { MODEL_BYTES_MUTATIONS } from './model-bytes.ts'
import { MODEL_MUTATIONS } from './model-contexts.ts'
import { MODEL_PACKAGE_MUTATIONS } from './model-packages.ts'
import type { Suite, Target } from './suites.ts'

const RANDOM = ['model', 'packages'].map((name) => `test/property/anchor/${name}.test.ts`)

// random sequences come last: what only they notice has no test of its own
const SUITES: readonly Suite[] = [
  { files: ['test/property/anchor/*.test.ts', 'test/unit/anchor/*.test.ts'], except: RANDOM },
  { files: ['test/compliance/anchor/*.test.ts'] },
  { files: RANDOM },
]

export const MODEL: Target = {
  mutations: [...MODEL_MUTATIONS, ...MODEL_BYTES_MUTATIONS, ...MODEL_PACKAGE_MUTATIONS],
  suitesFor: () => SUITES,
}
