import { expect } from 'chai'
import { Wallet, ZeroAddress } from 'ethers'
import { abiOf, hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { ethereumAnchor } from '../../../src/chains/ethereum/index.ts'
import type { Anchor, Signer } from '../../../src/node/anchor/anchor.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { startTestChain, type EthereumTestChain } from '../../support/ethereum.ts'
import { add } from '../anchor-bench.ts'
import { contextOf, creation, ownGroup, person, refusalOf, valueOf } from '../anchor-support.ts'

describe('anchor: ethereum, accounts of a node', () => {
  const [a, b, c] = [person('A'), person('B'), person('C')]
  const context = contextOf(a)
  const group = ownGroup(context)
  let chain: EthereumTestChain
  const anchors: Anchor[] = []

  /** A node's anchor with one of the funded accounts, or with none. */
  const anchorOf = async (key?: string): Promise<Anchor> => {
    const anchor = ethereumAnchor({
      rpcUrls: [chain.devnet.url],
      deployment: chain.deployment,
      finality: 0,
      ...(key === undefined ? {} : { key: { env: 'KEY', from: { KEY: key } } }),
    })({ clock: systemClock, random: systemRandom, logger: silentLogger })
    anchors.push(anchor)
    await anchor.start()
    return anchor
  }
  const accountNow = async (who: Signer): Promise<string> => {
    const abi = abiOf('IdentityRegistry')
    const data = abi.encodeFunctionData('accountOf', [hex(who.publicKey)])
    const to = chain.deployment.contracts.identityRegistry.address
    const answer = await chain.devnet.send('eth_call', [{ to, data }, 'latest'])
    return String(abi.decodeFunctionResult('accountOf', String(answer))[0])
  }

  before(async () => {
    chain = await startTestChain()
  })
  after(async () => {
    for (const anchor of anchors) await anchor.stop()
    await chain.stop()
  })

  it('[74] binds an identity with its first operation, and anew when the account is replaced', async () => {
    const first = await anchorOf(chain.key(1))
    await first.submit(context, creation(), a)
    expect(await accountNow(a)).to.equal(new Wallet(chain.key(1)).address)
    const second = await anchorOf(chain.key(2))
    await second.submit(group, add(b), a)
    expect(await accountNow(a)).to.equal(new Wallet(chain.key(2)).address)
    expect(valueOf(await second.readMember(group, b.publicKey)).role).to.equal('writer')
  })

  it('binds nobody for a claim: the claimant signs for itself', async () => {
    const host = await anchorOf(chain.key(2))
    const notAfter = BigInt(systemClock.nowMs()) / 1000n + 3600n
    const ticket = await host.createInvitation(group, { notAfter }, a)
    const guest = await anchorOf(chain.key(3))
    await guest.claimInvitation(ticket, c)
    expect(await accountNow(c)).to.equal(ZeroAddress)
  })

  it('reads without an account, refuses what the contract refuses, and says that it cannot send', async () => {
    const reader = await anchorOf()
    expect(valueOf(await reader.readGroup(group)).memberCount).to.equal(3)
    expect(await refusalOf(reader.submit(group, add(b), person('X')))).to.equal('NotAMember')
    expect(await rejectionCode(reader.submit(group, { kind: 'leave' }, c))).to.equal(
      'CHAIN_READ_ONLY',
    )
  })
})
