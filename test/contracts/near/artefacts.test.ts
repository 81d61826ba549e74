/** The modules that are committed: what they ask of their host, what can be called, and what they say of themselves. */
import { expect } from 'chai'
import { NEAR_CONTRACTS } from '../../../scripts/contracts/near.ts'
import { readManifest } from '../../../scripts/support/rust-artefacts.ts'
import { fromUtf8 } from '../../../src/node/primitives/bytes.ts'
import { type ContractName, moduleBytes, NearBench } from '../../support/near-contracts.ts'

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface ModuleReader {
  new (bytes: Uint8Array): object
  imports(module: object): { module: string; name: string; kind: string }[]
  exports(module: object): { name: string; kind: string }[]
}
const WasmModule = (globalThis as unknown as { WebAssembly: { Module: ModuleReader } }).WebAssembly
  .Module

/** All of them are as old as NEAR itself: a module with any other may be refused by a network that is older than it. */
const IMPORTS = [
  ...['attached_deposit', 'block_index', 'block_timestamp', 'current_account_id'],
  ...['ed25519_verify', 'input', 'log_utf8', 'panic_utf8', 'predecessor_account_id'],
  ...['promise_batch_action_transfer', 'promise_batch_create', 'read_register', 'register_len'],
  ...['sha256', 'storage_has_key', 'storage_read', 'storage_remove', 'storage_usage'],
  ...['storage_write', 'value_return'],
]
/** What taking over from another contract needs. */
const OWN_IMPORTS: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: [
    ...['promise_batch_action_function_call', 'promise_batch_then', 'promise_result'],
    'promise_return',
  ],
  packages: [],
}
const SHARED = [
  ...['applied', 'apply', 'changes', 'check', 'contract_source_metadata', 'group_credit'],
  ...['group_deposit', 'info', 'new', 'storage_balance_bounds', 'storage_balance_of'],
  ...['storage_deposit', 'storage_unregister', 'storage_withdraw'],
]
const OWN: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: [
    ...['adopt_context', 'adopt_group', 'context', 'exported_group', 'finish_context'],
    ...['finish_group', 'group', 'invitation', 'member', 'members', 'standing'],
  ],
  packages: ['latest', 'nonce', 'package', 'release', 'releases'],
}

for (const name of ['contexts', 'packages'] as const) {
  describe(`the artefact of the contract ${name} on NEAR`, () => {
    const module = new WasmModule(moduleBytes(name))

    it('asks nothing of its host but what every NEAR has', () => {
      const imports = WasmModule.imports(module)
      expect(imports.map((entry) => `${entry.module}.${entry.name}`)).to.have.members(
        [...IMPORTS, ...OWN_IMPORTS[name]].map((entry) => `env.${entry}`),
      )
    })

    it('has no call that is an owner’s, and none to stop or change it', () => {
      const calls = WasmModule.exports(module).filter(({ kind }) => kind === 'function')
      expect(calls.map((entry) => entry.name)).to.have.members([...SHARED, ...OWN[name]])
    })

    it('names the digest of the sources that it was built from', () => {
      const build = NEAR_CONTRACTS.find(({ folder }) => folder.endsWith(name))
      const manifest = build && readManifest(build)
      const bench = new NearBench()
      const text = fromUtf8(bench.view(bench.deploy(name), 'contract_source_metadata'))
      const told = JSON.parse(text) as { readonly build_info: object } // of our own contract
      expect(told).to.deep.include({ version: '0.1.0', link: null })
      expect(told.build_info).to.deep.include({
        contract_path: `contracts/near/${name}`,
        source_code_snapshot: `sha256:${manifest?.sources.sha256}`,
      })
    })
  })
}
