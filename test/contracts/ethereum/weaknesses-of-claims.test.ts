/**
 * Attacks on claims, invitations and removals that contracts of version 1 took, tried on these. A test's name says what was seen; the same
 * rules on every anchor are rows of test/compliance/anchor-rows/invitations.ts.
 */
import { expect } from 'chai'
import { hex } from '../../../src/chains/ethereum/contracts/codec.ts'
import { CAPABILITIES, type Signer } from '../../../src/node/anchor/anchor.ts'
import { invitationDigest } from '../../../src/node/anchor/envelope.ts'
import type { InvitationTerms } from '../../../src/node/anchor/operations.ts'
import { person } from '../../compliance/anchor-support.ts'
import { claimOf, revocationOf, termsOf } from '../../support/ethereum-proofs.ts'
import { encode, pointOf } from '../../support/edwards25519.ts'
import { add, dismiss, grant, impostor, remove, Scene } from '../../support/ethereum-scene.ts'

const { manageMembers } = CAPABILITIES
const ALL = 31
const DAY = 86_400n
/** Longest life of a ticket, seconds. */
const YEAR = 366n * DAY

describe('ethereum contracts: weaknesses of claims in version 1', function () {
  this.timeout(60_000)
  let t: Scene
  let back: () => Promise<void>

  before(async () => {
    t = await Scene.start()
  })
  after(async () => t.bench[Symbol.asyncDispose]())
  beforeEach(async () => {
    back = await t.bench.snapshot()
  })
  afterEach(async () => back())

  const termsBy = async (
    inviter: Signer,
    fields: Partial<InvitationTerms> = {},
  ): Promise<InvitationTerms> => {
    const notAfter = (await t.bench.now()) + 600n
    return termsOf(t.bench, { group: t.group, inviter: inviter.publicKey, notAfter, ...fields })
  }

  /** As often as the contract remembers. */
  const usesOf = async (terms: InvitationTerms): Promise<bigint> => {
    const [known] = await t.bench.view('invitation', [hex(invitationDigest(terms))])
    return (known as { uses: bigint }).uses // by the ABI
  }

  it('a stranger sent a claim again, and its signer was a member again', async () => {
    const { a, b, bench } = t
    await t.begin()
    const terms = await termsBy(a, { maxUses: 100 })
    const claim = await claimOf(bench, terms, b.publicKey, a, 'account')
    const bytes = await t.signed(b, claim)
    await t.must(await bench.send(bytes))
    const ways = [
      () => t.send(b, { kind: 'leave' }),
      () => t.send(a, dismiss(b)),
      () => t.send(a, remove(b)),
    ]
    for (const go of ways) {
      const restore = await bench.snapshot()
      await t.must(await go())
      // until its time is over, as often as anybody likes
      for (let time = 0; time < 3; time++) expect(await t.tried(bytes)).to.equal('BadNonce')
      await bench.mineAt((await bench.now()) + DAY + 1n)
      expect(await t.tried(bytes)).to.equal('Expired')
      expect(await t.hasMember(b)).to.equal(false)
      await restore()
    }
    expect(await usesOf(terms)).to.equal(1n)
  })

  it('what was signed to be good later was good twice, when it was kept for a day only', async () => {
    const { a, b, bench } = t
    await t.begin()
    const now = await bench.now()
    const terms = await termsBy(a, { maxUses: 100, notAfter: now + 30n * DAY })
    const claim = await claimOf(bench, terms, b.publicKey, a, 'ed25519')
    const late = await t.signed(b, claim, { validUntil: now + 3n * DAY })
    expect(await t.tried(late)).to.equal('Expired')
    await bench.mineAt(now + 2n * DAY)
    await t.must(await bench.send(late))
    await t.must(await t.send(b, { kind: 'leave' }))
    await bench.mineAt(now + 3n * DAY)
    expect(await t.tried(late)).to.equal('BadNonce')
    // what is kept ends no sooner than what was signed
    for (const seconds of [1n, DAY, DAY + 60n]) {
      await bench.mineAt(now + 3n * DAY + seconds)
      expect(await t.tried(late)).to.equal('Expired')
    }
  })

  it('who was removed came back by a ticket that it held', async () => {
    const { a, b, c, x, bench } = t
    await t.begin(b)
    const terms = await termsBy(a, { maxUses: 100, notAfter: (await bench.now()) + YEAR })
    const claimBy = async (who: Signer): Promise<string> =>
      t.outcome(who, await claimOf(bench, terms, who.publicKey, a, 'account'))
    await t.must(await t.send(a, remove(b)))
    expect(await claimBy(b)).to.equal('Barred')
    // ahead of its removal it leaves by itself
    await t.must(await t.send(a, add(c)))
    await t.must(await t.send(c, { kind: 'leave' }))
    await t.must(await t.send(a, remove(c)))
    expect(await claimBy(c)).to.equal('Barred')
    // as long as the ticket
    await bench.mineAt(terms.notAfter - 20n)
    for (const who of [b, c]) expect(await claimBy(who)).to.equal('Barred')
    expect(await claimBy(x)).to.equal('accepted')
  })

  it('a manager filled the places of another, also of who was no member yet', async () => {
    const { a, b, x, bench } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, manageMembers)))
    // random numbers in A's name, and X's
    for (const victim of [a, x]) {
      const terms = await termsBy(victim, { inviteNonce: 77n })
      const forged = { ...(await revocationOf(bench, terms, b)), terms }
      expect(await t.outcome(b, forged)).to.equal('InvitationInvalid')
    }
    // and of as many real ones as it has places for
    for (let inviteNonce = 0n; inviteNonce < 64n; inviteNonce++) {
      const terms = await termsBy(a, { inviteNonce })
      await t.must(await t.send(b, await revocationOf(bench, terms, a)))
    }
    const one = await termsBy(a, { inviteNonce: 64n })
    expect(await t.outcome(b, await revocationOf(bench, one, a))).to.equal('LimitExceeded')
    const claim = await claimOf(bench, one, x.publicKey, a, 'account')
    await t.must(await t.send(x, claim))
  })

  it('a revocation lapsed before its ticket, and one of the past was taken', async () => {
    const { a, x, bench } = t
    await t.begin()
    const now = await bench.now()
    const past = await termsBy(a, { notAfter: now - 1n })
    expect(await t.outcome(a, await revocationOf(bench, past, a))).to.equal('Expired')
    const far = await termsBy(a, { notAfter: now + 3n * YEAR })
    await t.must(await t.send(a, await revocationOf(bench, far, a)))
    expect(await t.outcome(a, await revocationOf(bench, far, a))).to.equal('InvitationRevoked')
    const claim = await claimOf(bench, far, x.publicKey, a, 'ed25519')
    expect(await t.outcome(x, claim)).to.equal('LimitExceeded')
    for (const at of [now + 2n * YEAR + 60n, far.notAfter - 20n]) {
      await bench.mineAt(at)
      expect(await t.outcome(x, claim)).to.equal('InvitationRevoked')
    }
  })

  it('the memory of an invitation was shortened by another of the same number', async () => {
    const { a, b, c, x, bench } = t
    await t.begin()
    const now = await bench.now()
    const long = await termsBy(a, { notAfter: now + 600n })
    const short = { ...long, notAfter: now + 60n }
    const claimBy = async (who: Signer, terms: InvitationTerms): Promise<string> =>
      t.outcome(who, await claimOf(bench, terms, who.publicKey, a, 'ed25519'))
    expect(await claimBy(b, long)).to.equal('accepted')
    expect(await claimBy(c, short)).to.equal('accepted')
    for (const [at, uses] of [
      [short.notAfter, [1n, 1n]],
      [short.notAfter + 1n, [1n, 0n]],
    ] as const) {
      await bench.mineAt(at)
      expect([await usesOf(long), await usesOf(short)]).to.deep.equal(uses)
    }
    await bench.mineAt(now + 120n)
    expect(await claimBy(x, long)).to.equal('InvitationUsed')
    expect(await claimBy(x, short)).to.equal('Expired')
  })

  it('the last manager went, and left everything to a key that nobody has', async () => {
    const { a, bench } = t
    await t.begin()
    let y = 2n
    while (pointOf(y) !== undefined) y++
    const ghost = impostor(a, encode(y))
    expect(await t.outcome(a, add(ghost))).to.equal('WeakKey')
    // by an invitation it would have to sign
    const terms = await termsBy(a, { capabilities: ALL })
    const claim = await claimOf(bench, terms, ghost.publicKey, a, 'account')
    expect(await t.outcome(ghost, claim, { nonce: 0n })).to.equal('WeakKey')
    expect(await t.outcome(a, grant(ghost, ALL))).to.equal('TargetNotMember')
    expect(await t.outcome(a, { kind: 'leave' })).to.equal('LastManager')
  })

  it('tickets came back with their inviter, and nothing voided them', async () => {
    const { a, b, x, bench } = t
    await t.begin(b)
    await t.must(await t.send(a, grant(b, ALL)))
    const old = await termsBy(b, { membership: 2n, capabilities: manageMembers, maxUses: 9 })
    const claimBy = async (terms: InvitationTerms, inviter: Signer): Promise<string> =>
      t.outcome(x, await claimOf(bench, terms, x.publicKey, inviter, 'account'))
    await t.must(await t.send(a, remove(b)))
    expect(await claimBy(old, b)).to.equal('InvitationInvalid')
    await t.must(await t.send(a, add(b)))
    await t.must(await t.send(a, grant(b, ALL)))
    expect(await claimBy(old, b)).to.equal('InvitationInvalid')
    // nor by terms that name no membership, or one to come
    for (const membership of [0n, 1n, 3n, 5n]) {
      expect(await claimBy({ ...old, membership }, b)).to.equal('InvitationInvalid')
    }
    const now: InvitationTerms = { ...old, membership: 4n }
    await t.must(await t.send(b, { kind: 'voidInvitations' }))
    expect(await claimBy(now, b)).to.equal('InvitationInvalid')
    expect(await claimBy({ ...now, series: 2 }, b)).to.equal('InvitationInvalid')
    expect(await claimBy({ ...now, series: 1 }, b)).to.equal('accepted')
    // who is no member has no series either
    const stranger = person('stranger')
    for (const membership of [0n, 1n]) {
      const terms = await termsBy(stranger, { membership })
      const claim = await claimOf(bench, terms, t.c.publicKey, stranger, 'ed25519')
      expect(await t.outcome(t.c, claim)).to.equal('InvitationInvalid')
    }
  })
})
