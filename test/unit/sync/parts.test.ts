import { expect } from 'chai'
import { generateSigningKey } from '../../../src/node/crypto/sign.ts'
import { ContextId, DeltaId, type PublicKey } from '../../../src/node/primitives/ids.ts'
import { systemRandom } from '../../../src/node/primitives/clock.ts'
import { Applicants } from '../../../src/node/sync/applicants.ts'
import { dialable, Directory, memoryAddressBook } from '../../../src/node/sync/address-book.ts'
import { fanOut } from '../../../src/node/sync/push/fan-out.ts'
import { Heartbeat } from '../../../src/node/sync/heartbeat.ts'
import {
  BAN_MS,
  GOSSIP_HEARTBEAT_MS,
  HEARTBEAT_MS,
  MAX_APPLICANTS_PER_CONTEXT,
  MAX_BOOK_ENTRIES_PER_CONTEXT,
  MAX_BOOK_HINTS_PER_CONTEXT,
  MAX_DIRECT_FAN_OUT,
  MAX_INVALID_DELTAS,
  RENDEZVOUS_FAN_OUT,
  SETTLE_MS,
} from '../../../src/node/sync/limits.ts'
import { proveParty, signHeads, verifyHeads, verifyParty } from '../../../src/node/sync/proof.ts'
import { Misbehaviour, TokenBucket } from '../../../src/node/sync/quotas.ts'
import { NO_FRONTIER, toWireFrontier } from '../../../src/node/sync/wire.ts'
import { ManualClock } from '../../support/stepped-clock.ts'

const context = ContextId.from(new Uint8Array(32).fill(1))

describe('peers that apply', () => {
  it('are remembered once each, and those that came last when there are many', () => {
    const applicants = new Applicants()
    const apply = (peer: string): PublicKey => {
      const identity = generateSigningKey().publicKey
      applicants.note(context, { identity, peer, addresses: [] })
      return identity
    }
    for (let at = 0; at < MAX_APPLICANTS_PER_CONTEXT; at++) apply(`peer ${at}`)
    const again = apply('peer 0') // as somebody else
    apply('one more')
    const peers = applicants.of(context).map(({ peer }) => peer)
    expect(peers).to.have.lengthOf(MAX_APPLICANTS_PER_CONTEXT)
    expect(peers).to.include.members(['peer 0', 'one more']).and.not.include('peer 1')
    expect(applicants.of(context).find(({ peer }) => peer === 'peer 0')?.identity).to.equal(again)
    applicants.forget(context)
    expect(applicants.of(context)).to.deep.equal([])
  })
})

describe('proof of a party', () => {
  const key = generateSigningKey(new Uint8Array(32).fill(2))
  const ends = {
    prover: 'A',
    verifier: 'B',
    proverNonce: new Uint8Array(16).fill(3),
    verifierNonce: new Uint8Array(16).fill(4),
  }
  const proof = proveParty(context, key, ends)

  it('holds for its own context, party, ends and nonces, and for no others', () => {
    expect(verifyParty(context, key.publicKey, proof, ends)).to.equal(true)
    const other = systemRandom.bytes(32)
    expect(verifyParty(other, key.publicKey, proof, ends)).to.equal(false)
    expect(verifyParty(context, generateSigningKey().publicKey, proof, ends)).to.equal(false)
    for (const wrong of [
      { ...ends, prover: 'C' },
      { ...ends, verifier: 'C' },
      { ...ends, proverNonce: ends.verifierNonce },
      { ...ends, verifierNonce: ends.proverNonce },
      {
        prover: 'B',
        verifier: 'A',
        proverNonce: ends.verifierNonce,
        verifierNonce: ends.proverNonce,
      },
      { ...ends, prover: 'AB', verifier: '' },
    ]) {
      expect(verifyParty(context, key.publicKey, proof, wrong)).to.equal(false)
    }
  })

  it('signs gossiped heads for one context', () => {
    const statement = { party: key.publicKey, timeMs: 5n, ...toWireFrontier(NO_FRONTIER) }
    const signature = signHeads(context, statement, key)
    expect(verifyHeads(context, statement, signature)).to.equal(true)
    expect(verifyHeads(ContextId.from(new Uint8Array(32)), statement, signature)).to.equal(false)
    expect(verifyHeads(context, { ...statement, timeMs: 6n }, signature)).to.equal(false)
  })
})

describe('address book', () => {
  const identity = (n: number): PublicKey =>
    generateSigningKey(new Uint8Array(32).fill(n)).publicKey

  it('remembers where members were found, by context and by peer', async () => {
    const book = memoryAddressBook()
    const directory = new Directory(book)
    await directory.learn({ context, identity: identity(1), peer: 'P', addresses: ['/x/p2p/P'] })
    expect(directory.knows('P')).to.equal(true)
    expect(directory.contextsOf('P')).to.deep.equal([context])
    await directory.learn({ context, identity: identity(1), peer: 'P', addresses: [] }) // says nothing new
    expect(directory.peers().get('P')).to.deep.equal(['/x/p2p/P'])
    await directory.learn({ context, identity: identity(1), peer: 'Q', addresses: [] })
    expect(directory.knows('P')).to.equal(false)
    const later = new Directory(book)
    await later.load()
    expect(later.members(context).map(({ peer }) => peer)).to.deep.equal(['Q'])
    await later.forgetContext(context)
    expect(await book.load()).to.deep.equal([])
  })

  it('keeps in mind where a member is said to be until one proved itself there, over restarts', async () => {
    const book = memoryAddressBook()
    const directory = new Directory(book)
    expect(await directory.hint(context, 'P', ['/x/p2p/P'])).to.equal(true)
    const later = new Directory(book)
    await later.load()
    expect(later.members(context)).to.deep.equal([])
    expect(later.peersOf(context)).to.deep.equal(['P'])
    expect(later.contextsOf('P')).to.deep.equal([context])
    expect(later.peers().get('P')).to.deep.equal(['/x/p2p/P'])
    await later.learn({ context, identity: identity(1), peer: 'P', addresses: ['/x/p2p/P'] })
    expect(later.members(context).map(({ peer }) => peer)).to.deep.equal(['P'])
    expect(await book.load()).to.have.lengthOf(1)
    expect(await later.hint(context, 'P', ['/x/p2p/P'])).to.equal(false)
    await later.forget(context, identity(1))
    expect(later.knows('P')).to.equal(false)
    await later.hint(context, 'Q', ['/x/p2p/Q'])
    await later.forgetContext(context)
    expect(await book.load()).to.deep.equal([])
  })

  it('notes later what the disk refused, and uses it until then', async () => {
    const book = memoryAddressBook()
    const { save, remove } = book
    const refused = async (): Promise<never> => {
      throw new RangeError('the disk refused')
    }
    const directory = new Directory(book)
    await directory.learn({ context, identity: identity(1), peer: 'P', addresses: ['/x/p2p/P'] })
    Object.assign(book, { save: refused, remove: refused })
    const other = { context, identity: identity(2), peer: 'Q', addresses: ['/x/p2p/Q'] }
    await directory.learn(other)
    await directory.learn(other)
    await directory.forget(context, identity(1))
    const failure = await directory.flush().catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(RangeError)
    expect(directory.members(context).map(({ peer }) => peer)).to.deep.equal(['Q'])
    Object.assign(book, { save, remove })
    await directory.flush()
    expect((await book.load()).map(({ peer }) => peer)).to.deep.equal(['Q'])
  })

  it('takes no more hints than an invitation and some members give', async () => {
    const directory = new Directory(memoryAddressBook())
    for (let i = 0; i < MAX_BOOK_HINTS_PER_CONTEXT; i++) {
      expect(await directory.hint(context, `P${i}`, [])).to.equal(true)
    }
    expect(await directory.hint(context, 'one more', [])).to.equal(false)
    expect(await directory.hint(context, 'P0', ['/x/p2p/P0'])).to.equal(true)
    expect(directory.peersOf(context)).to.have.lengthOf(MAX_BOOK_HINTS_PER_CONTEXT)
  })

  it('is bounded per context', async () => {
    const directory = new Directory(memoryAddressBook())
    for (let i = 0; i <= MAX_BOOK_ENTRIES_PER_CONTEXT; i++) {
      const bytes = new Uint8Array(32)
      new DataView(bytes.buffer).setUint32(0, i)
      await directory.learn({ context, identity: bytes as PublicKey, peer: `P${i}`, addresses: [] })
    }
    expect(directory.members(context)).to.have.lengthOf(MAX_BOOK_ENTRIES_PER_CONTEXT)
  })

  it('takes only addresses that name the peer they are said to be of', () => {
    const ours = [
      '/ip4/1.2.3.4/tcp/1/p2p/P',
      '/ip4/1.2.3.4/tcp/1/p2p/Q',
      '/ip4/1.2.3.4/tcp/1',
      'x/p2p/P',
    ]
    expect(dialable('P', ours)).to.deep.equal([ours[0]])
  })
})

describe('fan-out', () => {
  const members = (count: number): { peer: string }[] =>
    Array.from({ length: count }, (_, i) => ({ peer: `peer ${i}` }))

  it('goes to all up to sixteen, then to eight that change from delta to delta', () => {
    const delta = DeltaId.from(new Uint8Array(32).fill(1))
    expect(fanOut(delta, members(MAX_DIRECT_FAN_OUT))).to.have.lengthOf(MAX_DIRECT_FAN_OUT)
    const some = fanOut(delta, members(MAX_DIRECT_FAN_OUT + 1))
    expect(some).to.have.lengthOf(RENDEZVOUS_FAN_OUT)
    expect(fanOut(delta, members(MAX_DIRECT_FAN_OUT + 1).toReversed())).to.deep.equal(some)
    const others = fanOut(DeltaId.from(new Uint8Array(32).fill(2)), members(MAX_DIRECT_FAN_OUT + 1))
    expect(others).to.not.deep.equal(some)
  })
})

describe('quotas', () => {
  it('let a burst through, then a steady rate', () => {
    const clock = new ManualClock()
    const bucket = new TokenBucket(clock, 3, 2)
    expect([1, 2, 3, 4].map(() => bucket.take())).to.deep.equal([true, true, true, false])
    clock.tick(500)
    expect([1, 2].map(() => bucket.take())).to.deep.equal([true, false])
    clock.tick(60_000)
    expect([1, 2, 3, 4].map(() => bucket.take())).to.deep.equal([true, true, true, false])
  })

  it('let a debt grow no longer than it takes to fill the bucket', () => {
    const clock = new ManualClock()
    const bucket = new TokenBucket(clock, 10, 2)
    expect([bucket.owe(10), bucket.owe(4), bucket.owe(0)]).to.deep.equal([0, 2_000, 2_000])
    expect(bucket.owe(1_000)).to.equal(5_000)
    expect(bucket.take()).to.equal(false)
    clock.tick(5_500)
    expect([bucket.take(), bucket.take()]).to.deep.equal([true, false])
  })

  it('shut a peer out one past the limit of garbage, for a while', () => {
    const clock = new ManualClock()
    const misbehaviour = new Misbehaviour(clock)
    for (let i = 0; i < MAX_INVALID_DELTAS; i++) expect(misbehaviour.charge('P')).to.equal(false)
    expect(misbehaviour.isBanned('P')).to.equal(false)
    expect(misbehaviour.charge('P')).to.equal(true)
    expect(misbehaviour.isBanned('P')).to.equal(true)
    expect(misbehaviour.isBanned('Q')).to.equal(false)
    clock.tick(BAN_MS)
    expect(misbehaviour.isBanned('P')).to.equal(false)
  })
})

describe('heartbeat', () => {
  function heartbeat(): { clock: ManualClock; beats: string[]; beat: Heartbeat } {
    const clock = new ManualClock()
    const beats: string[] = []
    const random = { bytes: (length: number) => new Uint8Array(length) }
    const beat = new Heartbeat(
      { clock, random },
      {
        onSettled: () => beats.push('settled'),
        onBeat: () => beats.push('beat'),
        onGossipBeat: () => beats.push('gossip'),
      },
    )
    return { clock, beats, beat }
  }

  it('tells once when a burst is over, however long it was', () => {
    const { clock, beats, beat } = heartbeat()
    for (let i = 0; i < 10; i++) {
      beat.applied(context)
      clock.tick(SETTLE_MS - 1)
    }
    expect(beats).to.deep.equal([])
    clock.tick(1)
    expect(beats).to.deep.equal(['settled'])
    clock.tick(10_000)
    expect(beats).to.deep.equal(['settled'])
  })

  it('beats on, and leaves no timer when it stops', () => {
    const { clock, beats, beat } = heartbeat()
    beat.start()
    beat.applied(context)
    clock.tick(GOSSIP_HEARTBEAT_MS)
    expect(beats.filter((name) => name === 'beat')).to.have.lengthOf(
      GOSSIP_HEARTBEAT_MS / HEARTBEAT_MS,
    )
    expect(beats).to.include('gossip')
    beat.applied(context)
    beat.stop()
    expect(clock.pending).to.equal(0)
  })
})
