/** One set of names and numbers: `contracts/interface.json`, the contracts' ABI and this package's own tables. */
import { expect } from 'chai'
import { join } from 'node:path'
import { errorsOf, readInterface } from '../../../../scripts/support/contract-interface.ts'
import { CONTRACT_NAMES } from '../../../../src/chains/ethereum/contracts/artifacts.ts'
import {
  abiOf,
  doorOf,
  networkBytes,
  refusalOf,
} from '../../../../src/chains/ethereum/contracts/codec.ts'
import { CONTRACT_VERSION, EVM_CHAIN } from '../../../../src/chains/ethereum/constants.ts'
import { rpcError } from '../../../../src/chains/shared/json-rpc.ts'
import { CAPABILITIES } from '../../../../src/node/anchor/anchor.ts'
import { REFUSALS } from '../../../../src/node/anchor/errors.ts'
import * as limits from '../../../../src/node/anchor/limits.ts'
import { OPERATION_ORDINALS } from '../../../../src/node/anchor/operations.ts'
import { PACKAGE_OPERATION_ORDINALS } from '../../../../src/node/anchor/packages/operations.ts'
import { toHex } from '../../../../src/node/primitives/bytes.ts'

const source = readInterface(join(import.meta.dirname, '../../../..'))

/** Solidity types of the fields of events. */
const TYPES: Readonly<Record<string, string>> = {
  id: 'bytes32',
  ids: 'bytes32[]',
  u8s: 'uint8[]',
  u8: 'uint8',
  u16: 'uint16',
  u32: 'uint32',
  u64: 'uint64',
  text: 'string',
  bytes: 'bytes',
  bool: 'bool',
}

/** Fields that every event begins with. */
const HEAD = [
  ['subject', 'bytes32', true],
  ['signer', 'bytes32', true],
  ['nonce', 'uint64', false],
  ['revision', 'uint64', false],
]

/** Events and errors of the libraries that the contracts are built from, and of the identity registry, which are no anchor's in general. */
const FOREIGN_EVENTS = ['EIP712DomainChanged', 'KeyBound', 'KeyUnbound']
const FOREIGN_ERRORS = ['InvalidShortString', 'StringTooLong', 'PowerUnavailable']

const LIMITS: Readonly<Record<string, number | bigint>> = {
  envelopeBytes: limits.MAX_ENVELOPE_BYTES,
  batch: limits.MAX_BATCH,
  sourceBytes: limits.MAX_SOURCE_BYTES,
  metadataBytes: limits.MAX_METADATA_BYTES,
  page: limits.MAX_PAGE,
  members: limits.MAX_MEMBERS,
  liveInvitations: limits.MAX_LIVE_INVITATIONS,
  series: limits.MAX_SERIES,
  validitySeconds: limits.MAX_VALIDITY_SECONDS,
  invitationSeconds: limits.MAX_INVITATION_SECONDS,
  membersRevision: limits.MAX_MEMBERS_REVISION,
  contractBytes: limits.MAX_CONTRACT_BYTES,
  packageNameBytes: limits.MAX_PACKAGE_NAME_BYTES,
  packageTextBytes: limits.MAX_PACKAGE_TEXT_BYTES,
  packageOwners: limits.MAX_PACKAGE_OWNERS,
  releases: limits.MAX_RELEASES,
  packageRevision: limits.MAX_PACKAGE_REVISION,
  releaseSources: limits.MAX_RELEASE_SOURCES,
  versionBytes: limits.MAX_VERSION_BYTES,
  releasePage: limits.MAX_RELEASE_PAGE,
}

describe('ethereum interface', () => {
  it('has the numbers of interface.json in its tables', () => {
    expect({ ...OPERATION_ORDINALS, ...PACKAGE_OPERATION_ORDINALS }).to.deep.equal(
      source.operations,
    )
    expect(REFUSALS).to.deep.equal(source.errors)
    expect(CAPABILITIES).to.deep.equal(source.capabilities)
    expect(EVM_CHAIN).to.equal(source.chains['evm'])
    expect(CONTRACT_VERSION).to.equal(String(source.version))
    const numbers = Object.entries(LIMITS).map(([name, value]) => [name, Number(value)])
    expect(Object.fromEntries(numbers)).to.deep.equal(source.limits)
    expect(source.delays).to.deep.equal({ migrationSeconds: Number(limits.MIGRATION_SECONDS) })
  })

  it('has the errors that interface.json gives Ethereum in the ABIs, and no others', () => {
    const found = new Set<string>()
    for (const contract of CONTRACT_NAMES) {
      abiOf(contract).forEachError(({ name, inputs }) => {
        if (FOREIGN_ERRORS.includes(name)) return
        found.add(name)
        const types = inputs.map(({ type }) => type)
        expect(types, name).to.deep.equal(name === 'BadNonce' ? ['uint64'] : [])
      })
    }
    const expected = errorsOf(source, ['evm']).map(([name]) => name)
    expect([...found].sort()).to.deep.equal(expected.sort())
  })

  it('has the events of interface.json in the ABIs, with their fields, and no others', () => {
    const found = new Map<string, unknown>()
    for (const contract of CONTRACT_NAMES) {
      abiOf(contract).forEachEvent(({ name, inputs }) => {
        if (FOREIGN_EVENTS.includes(name)) return
        found.set(
          name,
          inputs.map((input) => [input.name, input.type, input.indexed === true]),
        )
      })
    }
    const expected = Object.entries(source.events).map(([name, fields]) => [
      name,
      [...HEAD, ...Object.entries(fields).map(([field, type]) => [field, TYPES[type], false])],
    ])
    expect(Object.fromEntries(found)).to.deep.equal(Object.fromEntries(expected))
  })

  it('gives every custom error its number', () => {
    for (const contract of CONTRACT_NAMES) {
      const abi = abiOf(contract)
      abi.forEachError((fragment) => {
        const { name, inputs } = fragment
        const values = inputs.map(({ type }) => (type === 'string' ? 'x' : 9n))
        const data = abi.encodeErrorResult(fragment, values)
        const refused = refusalOf(
          contract,
          rpcError('ethereum', 'stub', 'eth_call', { code: 3, reason: '', data }),
        )
        if (FOREIGN_ERRORS.includes(name)) return expect(refused).to.equal(undefined)
        expect(refused?.number, name).to.equal(source.errors[name])
        expect(refused?.expected).to.equal(name === 'BadNonce' ? 9n : undefined)
      })
    }
  })

  it('chooses the door by the length of the signature', () => {
    const doors = [0, 1, 63, 64, 65, 97].map((length) => doorOf(new Uint8Array(length)))
    expect(doors).to.deep.equal([
      ...['submit', 'submitEd25519', 'submitEd25519', 'submitEd25519', 'submit', 'submit'],
    ])
  })

  it('writes a chain id as 32 bytes', () => {
    for (const [chainId, digits] of [
      [1, '01'],
      [255, 'ff'],
      [31_337, '7a69'],
      [11_155_111, 'aa36a7'],
      [Number.MAX_SAFE_INTEGER, '1fffffffffffff'],
    ] as const) {
      expect(toHex(networkBytes(chainId))).to.equal(digits.padStart(64, '0'))
    }
  })
})
