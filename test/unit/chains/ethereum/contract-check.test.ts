import { expect } from 'chai'
import { AbiCoder, getBytes, hexlify } from 'ethers'
import {
  artifact,
  CONTRACT_NAMES,
  releasedCodes,
} from '../../../../src/chains/ethereum/contracts/artifacts.ts'
import { abiOf } from '../../../../src/chains/ethereum/contracts/codec.ts'
import {
  checkContract,
  isOurCode,
} from '../../../../src/chains/ethereum/contracts/contract-check.ts'
import type { Endpoint } from '../../../../src/chains/shared/endpoints.ts'
import { startEthereumChain } from '../../../../src/cli/chains/ethereum/local-chain.ts'
import type { EthereumDevnet } from '../../../../src/devnet/ethereum/index.ts'
import { sha256 } from '../../../../src/node/primitives/hash.ts'
import { toHex } from '../../../../src/node/primitives/bytes.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { failure } from '../../../support/error-code.ts'

const NOWHERE = `0x${'12'.repeat(20)}`

describe('whether a contract is ours', () => {
  let devnet: EthereumDevnet
  let at: Readonly<Record<(typeof CONTRACT_NAMES)[number], string>>

  before(async () => {
    const chain = await startEthereumChain(0)
    devnet = chain.devnet
    const { identityRegistry, contextAnchor, packageRegistry } = chain.deployment.contracts
    at = {
      IdentityRegistry: identityRegistry.address,
      ContextAnchor: contextAnchor.address,
      PackageRegistry: packageRegistry?.address ?? NOWHERE,
    }
  })
  after(() => devnet.stop())

  /** The chain as an endpoint shows it, with what it answers for some questions. */
  const endpoint = (lies: Readonly<Record<string, unknown>> = {}): Endpoint => ({
    id: 0,
    name: 'http://stub',
    send: async (method, params) => {
      const [call] = params as [{ data?: string } | string]
      const selector = typeof call === 'object' ? call.data?.slice(0, 10) : undefined
      const lie = lies[selector ?? method]
      return lie === undefined ? devnet.send(method, [...(params as unknown[])]) : lie
    },
  })
  const codeAt = async (address: string): Promise<Uint8Array> =>
    getBytes(String(await devnet.send('eth_getCode', [address, 'latest'])))

  for (const contract of CONTRACT_NAMES) {
    it(`is seen in the code of ${contract}, whatever its immutables are`, async () => {
      const registry = contract === 'IdentityRegistry' ? undefined : at.IdentityRegistry
      await checkContract(endpoint(), { contract, address: at[contract], registry })
      const code = await codeAt(at[contract])
      expect(isOurCode(contract, hexlify(code))).to.equal(true)
    })

    it(`is not so of one byte of ${contract} that is another`, async () => {
      const code = await codeAt(at[contract])
      const step = Math.floor(code.length / 40)
      let found = 0
      for (let i = 0; i < code.length; i += step) {
        const other = Uint8Array.from(code)
        other[i] = (other[i] ?? 0) ^ 1
        if (!isOurCode(contract, hexlify(other))) found++
      }
      expect(found, 'of forty, all but those within an immutable').to.be.greaterThan(35)
      for (const cut of [1, 100, code.length - 1]) {
        expect(isOurCode(contract, hexlify(code.subarray(cut))), 'only its end').to.equal(false)
      }
      expect(isOurCode(contract, `${hexlify(code)}00`)).to.equal(false)
      expect(isOurCode(contract, artifact(contract).bytecode)).to.equal(false)
      expect(isOurCode(contract, '0x')).to.equal(false)
    })
  }

  it('is so of code of an earlier release of the same interface, and says which other one it found', async () => {
    const contract = 'ContextAnchor'
    const code = await codeAt(at[contract])
    const earlier = Uint8Array.from(code)
    earlier[7] = (earlier[7] ?? 0) ^ 1
    const [current] = releasedCodes(contract)
    if (current === undefined) throw new TypeError('this release is in the list')
    const blank = Uint8Array.from(earlier)
    for (const place of current.places) blank.fill(0, place, place + 32)
    const known = { ...current, release: '0.0.9', sha256: toHex(sha256(blank)) }
    expect(isOurCode(contract, hexlify(earlier), [known])).to.equal(true)
    expect(isOurCode(contract, hexlify(code), []), 'what is built here').to.equal(true)
    expect(isOurCode(contract, hexlify(earlier), [current])).to.equal(false)
    expect(isOurCode(contract, hexlify(earlier.subarray(1)), [known])).to.equal(false)
    // outside of an immutable
    const other = Uint8Array.from(earlier)
    other[8] = (other[8] ?? 0) ^ 1
    expect(isOurCode(contract, hexlify(other), [known])).to.equal(false)
    // it is told by its hash
    const expected = { contract, address: at[contract], registry: at.IdentityRegistry } as const
    const told = await failure(checkContract(endpoint({ eth_getCode: hexlify(other) }), expected))
    expect(told.message)
      .to.include(toHex(sha256(other)))
      .and.include(current.release)
  })

  it('is known of the code of this very release', async () => {
    for (const contract of CONTRACT_NAMES) {
      const [{ bytes, places, sha256: hash } = { bytes: 0, places: [], sha256: '' }] =
        releasedCodes(contract)
      const code = await codeAt(at[contract])
      for (const place of places) code.fill(0, place, place + 32)
      expect([code.length, toHex(sha256(code))]).to.deep.equal([bytes, hash])
    }
  })

  const refused = (lies: Readonly<Record<string, unknown>>, address = at.ContextAnchor) =>
    codeOf(
      checkContract(endpoint(lies), {
        contract: 'ContextAnchor',
        address,
        registry: at.IdentityRegistry,
      }),
    )

  it('is not so of one that only has the name, or asks another registry', async () => {
    expect(await refused({})).to.equal('no error')
    // says of itself what ours says, and is another
    expect(await refused({ eth_getCode: '0x60016000f3' })).to.equal('CHAIN_NO_CONTRACT')
    const identities = abiOf('ContextAnchor').encodeFunctionData('identities').slice(0, 10)
    const elsewhere = AbiCoder.defaultAbiCoder().encode(['address'], [NOWHERE])
    expect(await refused({ [identities]: elsewhere })).to.equal('CHAIN_NO_CONTRACT')
    expect(await refused({}, NOWHERE)).to.equal('CHAIN_NO_CONTRACT')
    expect(await refused({}, at.PackageRegistry)).to.equal('CHAIN_NO_CONTRACT')
  })
})
