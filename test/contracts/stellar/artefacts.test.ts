/** The modules that are committed: what they ask of their host, what can be called, and what they say of themselves. */
import { expect } from 'chai'
import { xdr } from '@stellar/stellar-sdk'
import { STELLAR_CONTRACTS } from '../../../scripts/contracts/stellar.ts'
import { checkArtefacts, readManifest } from '../../../scripts/support/rust-artefacts.ts'
import { HOST_FUNCTIONS } from '../../../src/devnet/stellar/host/functions/table.ts'
import { REFUSALS } from '../../../src/node/anchor/errors.ts'
import { type ContractName, moduleBytes } from '../../support/stellar-contracts.ts'

/** The part used here of what Node has, but neither its types nor the language library declare. */
interface ModuleReader {
  new (bytes: Uint8Array): object
  imports(module: object): { module: string; name: string; kind: string }[]
  exports(module: object): { name: string; kind: string }[]
  customSections(module: object, name: string): ArrayBuffer[]
}
const WasmModule = (globalThis as unknown as { WebAssembly: { Module: ModuleReader } }).WebAssembly
  .Module

/** By their names; the module has those of one letter. */
const IMPORTS = [
  ...['bytes_copy_to_linear_memory', 'bytes_len', 'bytes_new_from_linear_memory', 'bytes_slice'],
  ...['compute_hash_sha256', 'contract_event', 'del_contract_data', 'extend_contract_code_ttl'],
  ...['extend_contract_data_ttl', 'extend_contract_instance_ttl', 'get_contract_data'],
  ...['get_current_contract_address', 'get_ledger_network_id', 'get_ledger_timestamp'],
  ...['has_contract_data', 'map_new', 'map_put', 'obj_from_u64', 'obj_to_u64'],
  ...['put_contract_data', 'serialize_to_bytes', 'symbol_new_from_linear_memory', 'vec_get'],
  ...['vec_len', 'vec_new_from_linear_memory', 'verify_sig_ed25519'],
]
/** What asking for another contract needs. */
const OWN_IMPORTS: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: ['bytes_append', 'deserialize_from_bytes', 'get_address_executable'],
  packages: [],
}
const SHARED = ['apply', 'check', 'info', 'keep_alive', 'keep_code']
const OWN: Readonly<Record<ContractName, readonly string[]>> = {
  contexts: ['context', 'group', 'invitation', 'member', 'members', 'standing'],
  packages: ['latest', 'nonce', 'package', 'release', 'releases'],
}
/** Bytes of a module: the network takes 131 072, and its rent is the largest cost of a deployment. */
const MOST_BYTES = 56 * 1024
/** Refusals of other chains. */
const FOREIGN = ['InsufficientDeposit', 'NotBound', 'BindStale', 'DailyLimit', 'CyclesLow']

function section(module: object, name: string): Buffer {
  const [bytes] = WasmModule.customSections(module, name)
  return Buffer.from(bytes ?? new ArrayBuffer(0))
}

/** Values that lie back to back. */
function readAll<T>(bytes: Buffer, read: (part: Buffer) => T): T[] {
  const all: T[] = []
  let [from, to] = [0, 4]
  while (to <= bytes.length) {
    try {
      all.push(read(bytes.subarray(from, to)))
      from = to
    } catch {
      // not all of it yet
    }
    to += 4
  }
  expect(from).to.equal(bytes.length)
  return all
}

for (const name of ['contexts', 'packages'] as const) {
  describe(`the artefact of the contract ${name} on Stellar`, () => {
    const bytes = moduleBytes(name)
    const module = new WasmModule(bytes)
    const spec = readAll(section(module, 'contractspecv0'), (part) => xdr.ScSpecEntry.fromXdr(part))

    it('asks nothing of its host but what it needs, and nobody’s authorization', () => {
      const imports = WasmModule.imports(module)
      const names = imports.map((entry) => {
        return HOST_FUNCTIONS.get(`${entry.module}.${entry.name}`)?.name
      })
      expect(names).to.have.members([...IMPORTS, ...OWN_IMPORTS[name]])
    })

    it('has no call that is an owner’s, and none to stop or change it', () => {
      const calls = WasmModule.exports(module).filter(({ kind }) => kind === 'function')
      expect(calls.map((entry) => entry.name)).to.have.members([...SHARED, ...OWN[name]])
      const said = spec.filter(({ type }) => type === 'scSpecEntryFunctionV0')
      expect(said.map(({ value }) => String(value.name))).to.have.members([...SHARED, ...OWN[name]])
    })

    it('names its errors as every anchor does, and nothing that no call meets', () => {
      const others = spec.filter(({ type }) => type !== 'scSpecEntryFunctionV0')
      expect(others.map(({ value }) => String(value.name))).to.deep.equal(['Refusal'])
      const [errors] = others
      if (errors?.type !== 'scSpecEntryUdtErrorEnumV0') throw new RangeError('expected errors')
      const told = errors.value.cases.map((one) => [String(one.name), one.value])
      const known = Object.entries(REFUSALS).filter(([refusal]) => !FOREIGN.includes(refusal))
      expect(told).to.have.deep.members(known)
    })

    it('names the digest of the sources that it was built from', () => {
      const build = STELLAR_CONTRACTS.find(({ folder }) => folder.endsWith(name))
      const manifest = build && readManifest(build)
      const meta = readAll(section(module, 'contractmetav0'), (part) =>
        xdr.ScMetaEntry.fromXdr(part),
      )
      const told = Object.fromEntries(
        meta.map(({ value }) => [String(value.key), String(value.val)]),
      )
      expect(told['sources']).to.equal(`sha256:${manifest?.sources.sha256}`)
    })

    it('is small, and what the sources give', () => {
      expect(bytes.length).to.be.lessThan(MOST_BYTES)
      const build = STELLAR_CONTRACTS.find(({ folder }) => folder.endsWith(name))
      expect(build && checkArtefacts(build)).to.deep.equal([])
    })
  })
}
