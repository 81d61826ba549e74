/** Rows about members and roles. */
import { expect } from 'chai'
import { type MemberRecord, type Signer, CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { ALL, type AnchorBench, add, remove, dismiss, bits, crowd } from '../anchor-bench.ts'
import { application, contextOf, creation, keysOf, memberKeys, valueOf } from '../anchor-support.ts'

const { manageMembers, proxy } = CAPABILITIES

/** Registers the tests on a contract. */
export function memberRows(t: AnchorBench): void {
  const {
    a,
    b,
    c,
    x,
    context,
    group,
    submit,
    outcome,
    member,
    membersRevision,
    nonceOf,
    signed,
    send,
    row1,
    row6,
    row27,
  } = t
  describe('members', () => {
    it('[6] adds a member with nonces of its own', async () => {
      await row6()
      expect(await membersRevision()).to.equal(2n)
      expect(await member(b)).to.deep.equal({
        identity: b.publicKey,
        role: 'writer',
        capabilities: 0,
        nonce: 2n << 32n,
        joinedRevision: 2n,
      })
    })

    it('[7] succeeds without a change for who is a member already', async () => {
      await row6()
      const before = await nonceOf(a)
      await submit(group, add(b), a)
      expect(await membersRevision()).to.equal(2n)
      expect(await nonceOf(a)).to.equal(before + 1n)
    })

    it('[8] refuses a list that repeats somebody', async () => {
      await row1()
      expect(await outcome(add(b, c, b), a)).to.equal('Malformed')
      expect(await outcome(add(), a)).to.equal('Malformed')
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a))
    })

    it('[9] takes 16 identities at once and refuses 17', async () => {
      await row1()
      expect(await send(await signed(a, add(...crowd(17))))).to.equal('LimitExceeded')
      expect(await send(await signed(a, add(...crowd(16))))).to.equal('accepted')
      expect(valueOf(await t.anchor.readGroup(group)).memberCount).to.equal(17)
    })

    it('splits a longer list by itself', async () => {
      await row1()
      await submit(group, add(...crowd(40)), a)
      expect(valueOf(await t.anchor.readGroup(group)).memberCount).to.equal(41)
      await submit(group, remove(...crowd(40)), a)
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a))
    })

    it('[10] refuses who may not, nonce unchanged', async () => {
      await row6()
      const before = await nonceOf(b)
      expect(await outcome(add(c), b)).to.equal('Unauthorized')
      expect(await nonceOf(b)).to.equal(before)
    })

    it('[11] refuses strangers whatever their nonce', async () => {
      await row1()
      expect(await outcome(add(c), x)).to.equal('NotAMember')
      expect(await send(await signed(x, add(c), { nonce: 7n }))).to.equal('NotAMember')
    })

    it('[23] takes everything from a member that is removed', async () => {
      await row27()
      await submit(group, remove(b), a)
      expect(await member(b)).to.equal(undefined)
      expect(await membersRevision()).to.equal(3n)
    })

    it('[24] knows no operation of a removed member', async () => {
      await row6()
      await submit(group, remove(b), a)
      for (const operation of [add(c), { kind: 'leave' }, { kind: 'bumpNonce', to: 9n }] as const) {
        expect(await outcome(operation, b)).to.equal('NotAMember')
      }
    })

    it('[23] lists everybody once, whoever went and took whose place', async () => {
      await row1()
      await submit(group, add(b, c), a)
      await submit(group, dismiss(b), a)
      await submit(group, add(x), a)
      await submit(group, dismiss(c), a)
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a, x))
      await submit(group, add(b, c), a)
      await submit(group, dismiss(x), a)
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a, b, c))
    })

    it('[25] refuses what was signed before a removal, after a return', async () => {
      await row27()
      const old = await signed(b, add(c))
      await submit(group, remove(b), a)
      await submit(group, add(b), a)
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await send(old)).to.equal('BadNonce')
      expect(await member(c)).to.equal(undefined)
    })

    it('[26] gives no capability back to who returns', async () => {
      await row6()
      await submit(group, bits('grant', [b, ALL]), a)
      await submit(group, remove(b), a)
      await submit(group, add(b), a)
      expect(await member(b)).to.include({ capabilities: 0 })
    })

    it('[33] keeps the last manager', async () => {
      await row1()
      expect(await outcome(bits('revoke', [a, manageMembers]), a)).to.equal('LastManager')
      expect(await outcome({ kind: 'leave' }, a)).to.equal('LastManager')
      await submit(group, add(b), a)
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await outcome({ kind: 'leave' }, a)).to.equal('accepted')
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(b))
    })

    it('[34] removes nobody when the last manager is on the list', async () => {
      await row6()
      expect(await outcome(remove(a, b), a)).to.equal('LastManager')
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a, b))
    })

    it('[35] is final once sealed', async () => {
      await row6()
      expect(await outcome({ kind: 'seal' }, b)).to.equal('Unauthorized')
      // either of the two is not enough
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await outcome({ kind: 'seal' }, b)).to.equal('Unauthorized')
      await submit(group, bits('revoke', [b, manageMembers]), a)
      await submit(group, bits('grant', [b, proxy]), a)
      expect(await outcome({ kind: 'seal' }, b)).to.equal('Unauthorized')
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await outcome({ kind: 'seal' }, b)).to.equal('accepted')
      expect(valueOf(await t.anchor.readGroup(group)).sealed).to.equal(true)
      expect(await outcome(add(c), a)).to.equal('Sealed')
      expect(await outcome({ kind: 'leave' }, b)).to.equal('Sealed')
      expect(await outcome(creation(2, group), a, contextOf(a, 2))).to.equal('Sealed')
      const update: Operation = { kind: 'updateApplication', application: application(5) }
      expect(await outcome(update, a, context)).to.equal('Sealed')
    })

    it('[41] [42] pages through many members', async () => {
      await row1()
      await submit(group, add(...crowd(249)), a)
      const page = async (offset: number, length: number) =>
        valueOf(await t.harness.service.readMemberPage(group, offset, length)) ?? { items: [] }
      const seen = new Set<string>()
      const sizes: number[] = []
      for (const offset of [0, 100, 200]) {
        const { items } = await page(offset, 100)
        sizes.push(items.length)
        for (const { identity } of items) seen.add(Buffer.from(identity).toString('hex'))
      }
      expect(sizes).to.deep.equal([100, 100, 50])
      expect(seen.size).to.equal(250)
      for (const [offset, length, expected] of [
        [250, 100, 0],
        [0, 0, 0],
        [0, 101, 100],
        [0, Number.MAX_SAFE_INTEGER, 100],
      ] as const) {
        expect((await page(offset, length)).items).to.have.length(expected)
      }
      const { members, revision } = valueOf(await t.anchor.readMembers(group))
      expect(members).to.have.length(250)
      expect(revision).to.equal(await membersRevision())
    })

    it('[88] [89] records roles, and gives a relay no capability', async () => {
      await row1()
      await submit(group, { kind: 'addMembers', ids: [b.publicKey], role: 'reader' }, a)
      await submit(group, { kind: 'addMembers', ids: [c.publicKey], role: 'relay' }, a)
      expect(await member(a)).to.include({ role: 'writer' })
      expect(await member(b)).to.include({ role: 'reader' })
      expect(await member(c)).to.include({ role: 'relay' })
      const role = (who: Signer, to: MemberRecord['role']): Operation => ({
        kind: 'setRole',
        ids: [who.publicKey],
        role: to,
      })
      const before = await membersRevision()
      expect(await outcome(role(b, 'writer'), a)).to.equal('accepted')
      expect(await membersRevision()).to.equal(before + 1n)
      expect(await outcome(role(b, 'writer'), a)).to.equal('accepted')
      expect(await membersRevision()).to.equal(before + 1n)
      expect(await outcome(bits('grant', [c, manageMembers]), a)).to.equal('RoleForbids')
      expect(await outcome(role(a, 'relay'), a)).to.equal('RoleForbids')
      expect(await outcome(role(x, 'reader'), a)).to.equal('TargetNotMember')
      expect(await outcome(role(b, 'reader'), b)).to.equal('Unauthorized')
    })
  })
}
