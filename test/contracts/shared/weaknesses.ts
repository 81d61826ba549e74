/**
 * The weaknesses of the original contracts, tried on one that is made of the Rust core as test/contracts/ethereum/weaknesses.test.ts does. A test's
 * name begins with the weakness. W2, W3, W17 and W24 are of governance, which there is not; W31 is the adapter's.
 */
import { join } from 'node:path'
import { expect } from 'chai'
import { readInterface } from '../../../scripts/support/contract-interface.ts'
import { CAPABILITIES, type Signer } from '../../../src/node/anchor/anchor.ts'
import { OPERATION_ORDINALS, type Operation } from '../../../src/node/anchor/operations.ts'
import { ED25519_SCHEME } from '../../../src/node/anchor/ticket.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import { GroupId } from '../../../src/node/primitives/ids.ts'
import { application, contextOf, creation, person, salt } from '../../compliance/anchor-support.ts'
import type { ContractScene } from '../../support/contract-scene.ts'
import { L, P, torsion } from '../../support/edwards25519.ts'
import { add, dismiss, grant, impostor, remove, revoke } from '../../support/ethereum-scene.ts'

const { manageApplication, manageMembers, proxy, govern, manageContexts } = CAPABILITIES
const ALL = 31
const ROOT = join(import.meta.dirname, '../../..')

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n))
}

/** y of the points of small order, and what is read as one of them. */
const WEAK_KEYS = [...new Set(torsion().map(({ y }) => y)), P, P + 1n].flatMap((y) => [
  littleEndian(y),
  littleEndian(y + 2n ** 255n),
])

/** What is looked at besides, on one chain. */
export interface Checks<O> {
  /** Of the largest requests that there may be. */
  checkLargest(outcome: O): void
  /** Of what changed something. */
  checkAnnounced(outcome: O, name: string, signer: Signer): void
  /** Of what changed nothing. */
  checkUnchanged(outcome: O, label: string): void
}

/** Declares the tests; `open`: the same contract each time, put back to its beginning. */
export function describeWeaknesses<O>(
  open: () => ContractScene<O>,
  { checkLargest, checkAnnounced, checkUnchanged }: Checks<O>,
): void {
  describe('weaknesses of the originals', function () {
    this.timeout(60_000)
    let t: ContractScene<O>

    beforeEach(() => {
      t = open()
    })

    it('[W1] takes nobody’s word for somebody else’s identity', async () => {
      const { a, x } = t
      await t.begin()
      expect(await t.outcome(a, add(x), { signWith: x })).to.equal('BadSignature')
      expect(t.hasMember(x)).to.equal(false)
    })

    it('[W7] never lets a nonce come back', async () => {
      const { a, b, c, x } = t
      await t.begin(b)
      t.must(await t.send(a, grant(b, manageMembers)))
      const unsent = await t.signed(b, add(c))
      const later = await t.signed(b, add(x), { nonce: t.nonceOf(b) + 1n })
      t.must(await t.send(a, remove(b)))
      expect(t.tried(unsent)).to.equal('NotAMember')
      t.must(await t.send(a, add(b)))
      t.must(await t.send(a, grant(b, manageMembers)))
      for (const signed of [unsent, later]) expect(t.tried(signed)).to.equal('BadNonce')
      // nor when it leaves by itself after it moved its nonce as far as it may, and comes back by an invitation
      const revision = t.header()?.membersRevision ?? 0n
      const to = (revision + 1n) << 32n
      expect(await t.outcome(b, { kind: 'bumpNonce', to: to + 1n })).to.equal('LimitExceeded')
      t.must(await t.send(b, { kind: 'bumpNonce', to }))
      const kept = await t.signed(b, add(c))
      t.must(await t.send(b, { kind: 'leave' }))
      const claim = await t.claim(t.terms({ capabilities: manageMembers }), b.publicKey, a)
      expect(await t.outcome(b, claim, { nonce: 0n })).to.equal('BadNonce')
      t.must(await t.send(b, claim))
      expect(t.tried(kept)).to.equal('BadNonce')
      expect(t.nonceOf(b)).to.equal((revision + 2n) << 32n)
    })

    it('[W8] asks every signer for a record, and every record for its nonce', async () => {
      const { a, b, c, x } = t
      await t.begin(b)
      t.must(await t.send(a, grant(b, manageMembers)))
      t.must(await t.send(a, remove(b)))
      for (const nonce of [0n, 1n, 1n << 32n, 2n << 32n, (1n << 64n) - 1n]) {
        for (const who of [b, x]) {
          expect(await t.outcome(who, add(c), { nonce })).to.equal('NotAMember')
        }
      }
      t.must(await t.send(x, await t.claim(t.terms(), x.publicKey, a), { nonce: 0n }))
      t.must(await t.send(a, grant(x, manageMembers)))
      expect(await t.outcome(x, add(c), { nonce: 0n })).to.equal('BadNonce')
      const once = await t.signed(x, add(c))
      t.must(t.deliver(once))
      t.must(await t.send(a, remove(c)))
      expect(t.tried(once)).to.equal('BadNonce')
    })

    it('[W9] leaves nothing to who was removed', async () => {
      const { a, b, c } = t
      await t.begin(b)
      t.must(await t.send(a, grant(b, ALL)))
      t.must(await t.send(a, remove(b)))
      expect(t.member(b)).to.equal(undefined)
      expect(await t.outcome(b, add(c))).to.equal('NotAMember')
      t.must(await t.send(a, add(b)))
      expect(t.member(b)?.capabilities).to.equal(0)
      expect(await t.outcome(b, add(c))).to.equal('Unauthorized')
    })

    it('[W16] shows when two pages are of different lists', async () => {
      const { a, b, c } = t
      await t.begin(b, c)
      const page = (offset: number): readonly unknown[] => {
        const { revision = 0n, total = 0, items = [] } = t.page(offset, 2) ?? {}
        return [revision, total, items.map(({ identity }) => toHex(identity))]
      }
      const key = ({ publicKey }: Signer): string => toHex(publicKey)
      expect(page(0)).to.deep.equal([2n, 3, [key(a), key(b)]])
      expect(page(2)).to.deep.equal([2n, 3, [key(c)]])
      t.must(await t.send(a, remove(b)))
      expect(page(2)).to.deep.equal([3n, 2, []])
    })

    it('[W18] asks each operation for its own capability', async () => {
      const { a, b, c } = t
      await t.begin(b, c)
      const byA = await t.revocation(t.terms(), a)
      const needs: readonly (readonly [Operation, number, object?])[] = [
        [{ kind: 'updateApplication', application: application(5) }, manageApplication],
        [add(person('D')), manageMembers],
        [remove(c), manageMembers],
        [{ kind: 'setRole', ids: [c.publicKey], role: 'reader' }, manageMembers],
        [{ kind: 'setOptions', options: { approvers: 'members' } }, manageMembers],
        [byA, manageMembers],
        [{ kind: 'seal' }, manageMembers | proxy],
        [{ kind: 'migrateTo', contract: t.successor }, manageMembers | proxy],
        [creation(2, t.group), manageContexts, { subject: contextOf(b, 2) }],
        ...[proxy, govern, 3, ALL].map((bits): [Operation, number] => [grant(c, bits), bits]),
        [{ kind: 'leave' }, 0],
        [{ kind: 'voidInvitations' }, 0],
      ]
      const here = t.snapshot()
      for (const held of [0, 1, 2, 4, 6, 8, 16, 3, 29, ALL]) {
        if (held !== 0) t.must(await t.send(a, grant(b, held)))
        for (const [operation, needed, fields] of needs) {
          const expected = (held & needed) === needed ? 'accepted' : 'Unauthorized'
          const label = `${operation.kind} with ${held}`
          expect(t.tried(await t.signed(b, operation, fields)), label).to.equal(expected)
        }
        t.revert(here)
      }
    })

    it('[W19] gives an id to its author alone', async () => {
      const { a, x } = t
      const subject = contextOf(a)
      expect(await t.outcome(x, creation(), { subject, nonce: 0n })).to.equal('ContextIdMismatch')
      const other = { ...creation(), salt: salt(2) }
      expect(await t.outcome(a, other, { subject, nonce: 0n })).to.equal('ContextIdMismatch')
      // whoever brings A's request makes A's context
      const own = await t.signed(a, creation(), { subject, nonce: 0n })
      const forged = await ED25519_SCHEME.signEnvelope(own.envelope, x)
      expect(t.tried(forged)).to.equal('BadSignature')
      t.must(t.deliver(own))
      expect([t.member(a)?.capabilities, t.hasMember(x)]).to.deep.equal([ALL, false])
      expect(await t.create()).to.equal('ContextExists')
      const zero = GroupId.from(new Uint8Array(32))
      const second = { subject: contextOf(a, 2) }
      expect(await t.outcome(a, creation(2, zero), second)).to.equal('ContextNotFound')
    })

    it('[W20] numbers everything as the interface file does', async () => {
      expect(readInterface(ROOT).operations).to.include({ ...OPERATION_ORDINALS })
      await t.begin()
      const bytes = t.envelope(t.a, { kind: 'leave' })
      const tried = async (ordinal: number): Promise<string> => {
        const envelope = Uint8Array.of(...bytes.subarray(0, -1), ordinal)
        return t.tried(await ED25519_SCHEME.signEnvelope(envelope, t.a))
      }
      for (const ordinal of [7, 8, ...Array.from({ length: 240 }, (_, at) => at + 16)]) {
        expect(await tried(ordinal), String(ordinal)).to.equal('Malformed')
      }
      // those that need no fields
      expect([await tried(6), await tried(12), await tried(15)]).to.deep.equal([
        ...['LastManager', 'accepted', 'accepted'],
      ])
    })

    it('[W25] has a limit for everything that is given', async () => {
      const { a } = t
      await t.begin()
      const crowd = Array.from({ length: 17 }, (_, at) => person(`crowd ${at}`))
      const update = (source: number, metadata: number): Operation => {
        const size = { source: 'x'.repeat(source), metadata: new Uint8Array(metadata) }
        return { kind: 'updateApplication', application: { ...application(2), ...size } }
      }
      expect(await t.outcome(a, add(...crowd))).to.equal('LimitExceeded')
      expect(await t.outcome(a, update(513, 0))).to.equal('LimitExceeded')
      expect(await t.outcome(a, update(0, 1025))).to.equal('LimitExceeded')
      // the most that there may be
      const first = t.place
      checkLargest(t.must(await t.send(a, update(512, 1024))))
      checkLargest(t.must(await t.send(a, add(...crowd.slice(1)))))
      expect(t.told(first)).to.deep.equal(['ApplicationUpdated', 'MembersAdded'])
      for (const [length, name] of [
        [8192, 'Malformed'],
        [8193, 'LimitExceeded'],
      ] as const) {
        const envelope = new Uint8Array(length).fill(1)
        expect(t.tried({ envelope, signature: new Uint8Array(64) })).to.equal(name)
      }
      const page = t.page(0, 0xffff_ffff)
      expect([page?.total, page?.items.length]).to.deep.equal([17, 17])
      expect(t.page(0xffff_ffff, 0xffff_ffff)?.items).to.deep.equal([])
      const validUntil = t.now + 86_401n
      expect(await t.outcome(a, add(t.b), { validUntil })).to.equal('Expired')
    })

    it('[W26] writes nothing for whoever has no invitation, and redirects none', async () => {
      const { a, b, c, x } = t
      await t.begin(b)
      const terms = t.terms()
      const claim = await t.claim(terms, c.publicKey, a)
      expect(await t.outcome(x, claim, { nonce: 0n })).to.equal('InvitationInvalid')
      const changes = [
        ...[{ role: 'reader' as const }, { capabilities: manageMembers }, { maxUses: 2 }],
        ...[{ notAfter: terms.notAfter + 1n }, { inviteNonce: 1n }, { inviter: b.publicKey }],
      ]
      for (const change of changes) {
        const changed = await t.claim({ ...terms, ...change }, x.publicKey, a)
        const attempt = { ...changed, inviterSignature: claim.inviterSignature }
        expect(await t.outcome(x, attempt, { nonce: 0n })).to.equal('InvitationInvalid')
      }
      expect(await t.outcome(x, await t.revocation(terms, a))).to.equal('NotAMember')
      expect(await t.outcome(b, await t.revocation(terms, a))).to.equal('Unauthorized')
      t.must(await t.send(c, claim, { nonce: 0n }))
      t.must(await t.send(a, dismiss(c)))
      expect(await t.outcome(c, claim)).to.equal('InvitationUsed')
    })

    it('[W27] does not let the last manager go', async () => {
      const { a, b } = t
      await t.begin(b)
      const ways: Operation[] = [
        ...[remove(a), remove(b, a), revoke(a, manageMembers), revoke(a, ALL)],
        { kind: 'leave' },
      ]
      for (const way of ways) expect(await t.outcome(a, way), way.kind).to.equal('LastManager')
      t.must(await t.send(a, grant(b, manageMembers)))
      t.must(await t.send(a, remove(a)))
      expect(await t.outcome(b, { kind: 'leave' })).to.equal('LastManager')
    })

    it('[W28] takes no weak key and no weak R, which the chain’s own verifier takes', async () => {
      const { a, b } = t
      await t.begin()
      for (const key of WEAK_KEYS) {
        const weak = impostor(a, key)
        const envelope = t.envelope(weak, creation(), { subject: contextOf(weak), nonce: 0n })
        const signature = Uint8Array.of(...key, ...new Uint8Array(32))
        expect(t.tried({ envelope, signature })).to.equal('WeakKey')
        expect(await t.outcome(a, add(b, weak))).to.equal('WeakKey')
      }
      const { envelope, signature } = await t.signed(a, add(b))
      expect(t.tried({ envelope, signature })).to.equal('accepted')
      const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`)
      const forms = [
        ...[0, 1, 32, 63].map((length) => signature.slice(0, length)),
        Uint8Array.of(...signature, 0),
        Uint8Array.of(...signature.subarray(0, 32), ...littleEndian(s + L)),
        ...WEAK_KEYS.map((r) => Uint8Array.of(...r, ...signature.subarray(32))),
      ]
      for (const form of forms) {
        expect(t.tried({ envelope, signature: form })).to.equal('BadSignature')
      }
    })

    it('[W33] announces every change, and nothing else', async () => {
      const { a, b, c, x } = t
      const changes: readonly (readonly [string, Signer, Operation, object?])[] = [
        ['ContextCreated', a, creation(), { subject: t.context, nonce: 0n }],
        ['ContextCreated', a, creation(2, t.group), { subject: contextOf(a, 2) }],
        ['MembersAdded', a, add(b, c)],
        ['CapabilitiesChanged', a, grant(b, manageMembers)],
        ['RolesChanged', a, { kind: 'setRole', ids: [b.publicKey], role: 'reader' }],
        ['ApplicationUpdated', a, { kind: 'updateApplication', application: application(9) }],
        ['OptionsChanged', a, { kind: 'setOptions', options: { approvers: 'members' } }],
        ['InvitationClaimed', x, await t.claim(t.terms(), x.publicKey, a), { nonce: 0n }],
        ['InvitationRevoked', a, await t.revocation(t.terms({ inviteNonce: 3n }), a)],
        ['InvitationsVoided', a, { kind: 'voidInvitations' }],
        ['MigrationPlanned', a, { kind: 'migrateTo', contract: t.successor }],
        ['NonceBumped', x, { kind: 'bumpNonce', to: (4n << 32n) + 9n }],
        ['MembersRemoved', a, remove(b)],
        ['ContextSealed', a, { kind: 'seal' }],
      ]
      for (const [name, signer, operation, fields] of changes) {
        const { place } = t
        const outcome = t.must(await t.send(signer, operation, fields))
        expect(t.told(place)).to.deep.equal([name])
        checkAnnounced(outcome, name, signer)
      }
    })

    it('[W34] moves a revision with a change, by one, and never back', async () => {
      const { a, b } = t
      await t.begin(b)
      t.must(await t.send(a, grant(b, manageMembers)))
      const nothing: Operation[] = [
        ...[add(b), dismiss(person('nobody')), grant(b, manageMembers), revoke(b, govern)],
        { kind: 'setRole', ids: [b.publicKey], role: 'writer' },
        { kind: 'setOptions', options: { approvers: 'govern' } },
        { kind: 'migrateTo', contract: new Uint8Array(0) },
        { kind: 'updateApplication', application: application() },
      ]
      for (const operation of nothing) {
        const { place } = t
        const nonce = t.nonceOf(a)
        checkUnchanged(t.must(await t.send(a, operation)), operation.kind)
        // it is remembered all the same: whoever sent it asks what became of it
        expect(t.told(place)).to.deep.equal([undefined])
        expect(t.nonceOf(a)).to.equal(nonce + 1n)
      }
      const { membersRevision, capabilitiesRevision } = t.header() ?? {}
      expect([membersRevision, capabilitiesRevision]).to.deep.equal([2n, 2n])
    })
  })
}
