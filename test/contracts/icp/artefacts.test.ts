/** The modules that are committed: what they ask of their host, what can be called, and what they say of themselves. */
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { ICP_CONTRACTS } from '../../../scripts/contracts/icp.ts'
import { checkArtefacts } from '../../../scripts/support/rust-artefacts.ts'
import { SYSTEM_API } from '../../../src/devnet/icp/canister/api/table.ts'
import { type ContractName, moduleBytes } from '../../support/icp-contracts.ts'

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface ModuleReader {
  new (bytes: Uint8Array): object
  imports(module: object): { module: string; name: string; kind: string }[]
  exports(module: object): { name: string; kind: string }[]
  customSections(module: object, name: string): ArrayBuffer[]
}
const WasmModule = (globalThis as unknown as { WebAssembly: { Module: ModuleReader } }).WebAssembly
  .Module

const IMPORTS = [
  ...['accept_message', 'canister_cycle_balance128', 'canister_liquid_cycle_balance128'],
  ...['canister_self_copy', 'canister_self_size', 'certified_data_set', 'data_certificate_copy'],
  ...['data_certificate_present', 'data_certificate_size', 'debug_print', 'msg_arg_data_copy'],
  ...['msg_arg_data_size', 'msg_method_name_copy', 'msg_method_name_size', 'msg_reply'],
  ...['msg_reply_data_append', 'stable64_grow', 'stable64_read', 'stable64_size'],
  ...['stable64_write', 'time', 'trap'],
]
/** What taking over from another canister needs. */
const OWN_IMPORTS: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: [
    ...['call_cycles_add128', 'call_data_append', 'call_new', 'call_on_cleanup', 'call_perform'],
    ...['call_with_best_effort_response', 'cost_call', 'msg_reject_code', 'msg_reject_msg_copy'],
    'msg_reject_msg_size',
  ],
  packages: [],
}
const SHARED = ['query applied', 'query changes', 'query check', 'query cycles', 'query info']
const OWN: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: [
    ...['query context', 'query group', 'query invitation', 'query member', 'query members'],
    ...['query standing', 'query exported_context', 'query exported_group'],
    ...['update adopt_context', 'update adopt_group'],
  ],
  packages: ['query latest', 'query nonce', 'query package', 'query release', 'query releases'],
}

for (const name of ['contexts', 'packages'] as const) {
  describe(`the artefact of the canister ${name}`, () => {
    const module = new WasmModule(gunzipSync(moduleBytes(name)))

    it('asks nothing of its host but what the chain has', () => {
      const imports = WasmModule.imports(module)
      expect(imports.every((entry) => entry.module === 'ic0')).to.equal(true)
      expect(imports.map((entry) => entry.name)).to.have.members([...IMPORTS, ...OWN_IMPORTS[name]])
      for (const entry of imports) expect(SYSTEM_API).to.have.property(entry.name)
    })

    it('has one door for requests, and no call that is an owner’s', () => {
      const calls = WasmModule.exports(module).filter(({ kind }) => kind === 'function')
      const methods = [...SHARED, ...OWN[name], 'update apply']
      expect(calls.map((entry) => entry.name)).to.have.members([
        ...methods.map((method) => `canister_${method}`),
        // nothing is kept by what comes before an upgrade, and there is no timer
        ...['canister_init', 'canister_inspect_message', 'canister_post_upgrade'],
        'get_candid_pointer',
      ])
    })

    it('says its methods to anybody who asks', () => {
      const [section] = WasmModule.customSections(module, 'icp:public candid:service')
      const said = Buffer.from(section ?? new ArrayBuffer(0)).toString()
      expect(said).to.match(/  apply : \(blob, blob\) -> \(Result(?:_1)?\);/)
      for (const method of OWN[name]) {
        const [kind = '', word = ''] = method.split(' ')
        expect(said).to.match(new RegExp(`  ${word} : .*${kind === 'query' ? ' query' : ''};\n`))
      }
    })

    it('is what the sources give', () => {
      const build = ICP_CONTRACTS.find(({ folder }) => folder.endsWith(name))
      expect(build && checkArtefacts(build)).to.deep.equal([])
    })
  })
}
