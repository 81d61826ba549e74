/**
 * The rules in Rust as a bare module (`contracts/core/module`), by which whoever has no Rust can compare them with the reference model. It is
 * committed, and does not ship: no contract is made of it.
 */
import { findForeignImports, type RustBuild } from '../support/rust-artefacts.ts'

const MODULE = 'merogate_core_module.wasm'

export const CORE_MODULE: RustBuild = {
  folder: 'contracts/core/module',
  crate: 'merogate-core-module',
  alias: 'module',
  parts: { contracts: 'contracts', 'contracts/core': 'core' },
  workspace: 'contracts',
  output: 'contracts/core/module/dist',
  artefacts: [MODULE],
  make: ({ wasm }) => new Map([[MODULE, wasm]]),
  check: (artefacts) => {
    const wasm = artefacts.get(MODULE)
    return wasm === undefined ? [] : findForeignImports(wasm, 'host')
  },
}
