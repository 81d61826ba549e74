/**
 * The contracts on NEAR (`contracts/near`): one module each, and nothing in it that a protocol older than today's would refuse.
 */
import { findForeignImports, type RustBuild } from '../support/rust-artefacts.ts'

/** Names of the contracts, which are those of their accounts. */
const NAMES = ['contexts', 'packages'] as const

/** How one of them is built. */
function buildOf(name: (typeof NAMES)[number]): RustBuild {
  const module = `${name}.wasm`
  return {
    folder: `contracts/near/${name}`,
    crate: `merogate-near-${name}`,
    alias: name,
    parts: { contracts: 'contracts', 'contracts/core': 'core', 'contracts/near': 'near' },
    workspace: 'contracts',
    // what cargo-near would set: without it the SDK hashes by itself, and loses the texts of panics
    rustcFlags: ['--cfg', 'near'],
    target: 'contracts/near/target',
    digestVariable: 'MEROGATE_SOURCES',
    output: `contracts/artifacts/near/${name}`,
    artefacts: [module],
    make: ({ wasm }) => new Map([[module, wasm]]),
    check: (artefacts) => {
      const wasm = artefacts.get(module)
      return wasm === undefined ? [] : findForeignImports(wasm, 'env')
    },
  }
}

export const NEAR_CONTRACTS: readonly RustBuild[] = NAMES.map(buildOf)
