/** A node whose one endpoint lies, about one thing after the other and in both directions; and then it is replaced by an honest one. */
import { expect } from 'chai'
import { keccak256 } from 'ethers'
import { DEFAULT_MAX_TIP_PER_GAS } from '../../../src/chains/ethereum/limits.ts'
import { HEIGHT_DOUBT_MS } from '../../../src/chains/shared/limits.ts'
import type { Anchor, Signer } from '../../../src/node/anchor/anchor.ts'
import { envelopeCodec } from '../../../src/node/anchor/envelope.ts'
import {
  ENVELOPE_VALIDITY_SECONDS,
  MAX_CLOCK_SKEW_SECONDS,
} from '../../../src/node/anchor/limits.ts'
import { Groups } from '../../../src/node/context/groups/groups.ts'
import type { Group } from '../../../src/node/context/groups/group.ts'
import { identityPool } from '../../../src/node/context/groups/identities.ts'
import { atRest } from '../../../src/node/crypto/at-rest.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { sha256 } from '../../../src/node/primitives/hash.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { utf8 } from '../../../src/node/primitives/bytes.ts'
import { globals } from '../../../src/node/store/repositories/globals.ts'
import { groupRows } from '../../../src/node/store/repositories/groups.ts'
import { rejectionCode } from '../../support/error-code.ts'
import { FaultBench } from '../../support/ethereum-faults.ts'
import { transactionsOf } from '../../support/ethereum-rules.ts'
import type { FaultyRpc } from '../../support/faulty-rpc.ts'
import { allLies, envelopesShown } from '../../support/lying-rpc.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { person } from '../anchor-support.ts'

/** Longest time an operation is waited for: some lies keep it from an end. */
const PATIENCE_MS = 1500

/** The group as a node over this anchor sees it. */
async function viewOver(anchor: Anchor, t: FaultBench): Promise<Group> {
  const store = memoryStore()
  const rows = groupRows(store)
  const components = {
    ...{ store, rows, clock: t.clock, random: systemRandom, logger: silentLogger },
    atRest: atRest(sha256(utf8('lies')), systemRandom),
  }
  const identities = identityPool(components)
  await identities.load()
  const groups = new Groups({
    ...components,
    identities,
    anchors: new Map([['ethereum', anchor]]),
    globals: globals(store),
    metrics: { rotation: () => {}, view: () => {} },
    background: (work) => void work.catch(() => {}),
  })
  return groups.ensure(t.group, 'ethereum')
}

describe('anchor: ethereum, an endpoint that lies', () => {
  const t = new FaultBench()
  t.hooks()

  const removed = person('removed')
  const added = person('added')
  const keysOf = (...people: readonly Signer[]): string[] =>
    people.map(({ publicKey }) => String(publicKey)).sort()
  const seen = (group: Group): string[] =>
    group
      .members()
      .map(({ identity }) => String(identity))
      .sort()

  /** Whatever the endpoint kept, some time later: nobody can make use of it any more. */
  async function expectNothingLeft(endpoint: FaultyRpc): Promise<void> {
    const longest = ENVELOPE_VALIDITY_SECONDS + MAX_CLOCK_SKEW_SECONDS
    const now = BigInt(Math.floor(t.clock.nowMs() / 1000))
    for (const envelope of envelopesShown(endpoint)) {
      const { validUntil } = envelopeCodec.decode(envelope)
      expect(
        validUntil <= now + longest,
        'good for ten minutes of a clock that may differ',
      ).to.equal(true)
    }
    await t.send('evm_increaseTime', Number(longest) + 1)
    await t.mine()
    const { address } = t.chain.deployment.contracts.contextAnchor
    const kept = endpoint.asked.flatMap(({ method, params: [call] }) => {
      const { data, to } = (typeof call === 'object' && call !== null ? call : {}) as {
        data?: string
        to?: string
      }
      const isOurs = method === 'eth_call' && to?.toLowerCase() === address.toLowerCase()
      return isOurs && data !== undefined && data.length > 600 ? [data] : []
    })
    const before = await t.chain.devnet.send('eth_getLogs', [{ address, fromBlock: '0x0' }])
    for (const data of new Set(kept)) {
      const from = t.chain.devnet.accounts[4]?.address
      await t.chain.devnet
        .send('eth_sendTransaction', [{ from, to: address, data }])
        .catch(() => undefined) // it is refused, as it should be
    }
    await t.mine()
    const after = await t.chain.devnet.send('eth_getLogs', [{ address, fromBlock: '0x0' }])
    expect(after, 'what it kept does nothing').to.deep.equal(before)
  }

  for (const about of Object.keys(allLies(removed, keccak256))) {
    it(`about ${about}: afterwards the node’s state is the chain’s, and nothing signed is good`, async () => {
      const honest = await t.withContext()
      await honest.submit(t.group, t.add(t.b, removed), t.a)
      const endpoint = await t.endpoint()
      const anchor = await t.anchor(t.service([endpoint], { stuckMs: 200 }))
      const group = await viewOver(anchor, t)
      await group.refresh()
      expect(seen(group)).to.deep.equal(keysOf(t.a, t.b, removed))
      await honest.submit(
        t.group,
        { kind: 'removeMembers', ids: [removed.publicKey], mayReturn: false },
        t.a,
      )

      endpoint.rules(...(allLies(removed, keccak256)[about] ?? []))
      await group.refresh().catch(() => undefined) // it may be found out
      const signal = AbortSignal.timeout(PATIENCE_MS)
      await rejectionCode(anchor.submit(t.group, t.add(added), t.a, { signal })).catch(
        () => undefined,
      )
      for (const { maxPriorityFeePerGas } of transactionsOf(endpoint)) {
        expect(Number(maxPriorityFeePerGas)).to.be.at.most(Number(DEFAULT_MAX_TIP_PER_GAS))
      }

      endpoint.rules()
      // time goes by, as it does between two readings
      await t.send('evm_increaseTime', HEIGHT_DOUBT_MS / 1000 + 1)
      await t.mine()
      await group.refresh()
      const truth = await honest.readMembers(t.group)
      const expected = (truth?.value.members ?? []).map(({ identity }) => String(identity)).sort()
      expect(expected).to.not.include(String(removed.publicKey))
      expect(seen(group)).to.deep.equal(expected)
      expect(group.membersRevision).to.equal(truth?.value.revision)
      // and goes on with what happens from now on
      await honest.submit(
        t.group,
        { kind: 'removeMembers', ids: [t.b.publicKey], mayReturn: false },
        t.a,
      )
      await group.refresh()
      expect(seen(group)).to.not.include(String(t.b.publicKey))

      await anchor.stop()
      await expectNothingLeft(endpoint)
    })
  }
})
