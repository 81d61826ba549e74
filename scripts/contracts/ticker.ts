/** A canister of the tests (`test/canisters/ticker`), by which whoever has no Rust tries the local chain with what the chain's own SDK makes. */
import { findForeignImports, type RustBuild } from '../support/rust-artefacts.ts'

const MODULE = 'ticker.wasm'

export const TICKER: RustBuild = {
  folder: 'test/canisters/ticker',
  crate: 'ticker',
  alias: 'ticker',
  output: 'test/canisters/ticker/dist',
  artefacts: [MODULE],
  make: ({ wasm }) => new Map([[MODULE, wasm]]),
  check: (artefacts) => {
    const wasm = artefacts.get(MODULE)
    return wasm === undefined ? [] : findForeignImports(wasm, 'ic0')
  },
}
