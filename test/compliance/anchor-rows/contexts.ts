/** Rows about contexts and their applications. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { ALL, type AnchorBench, add, remove, bits } from '../anchor-bench.ts'
import {
  application,
  codeOf,
  contextOf,
  creation,
  keysOf,
  memberKeys,
  ownGroup,
  refusalOf,
  valueOf,
} from '../anchor-support.ts'

const { manageApplication, manageContexts } = CAPABILITIES

/** Registers the tests on a contract. */
export function contextRows(t: AnchorBench): void {
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
  describe('contexts', () => {
    it('[1] creates a context with its author as only member and every capability', async () => {
      await row1()
      const record = valueOf(await t.anchor.readContext(context))
      expect(record).to.deep.equal({
        id: context,
        group,
        application: application(),
        applicationRevision: 1n,
      })
      const header = valueOf(await t.anchor.readGroup(group))
      expect(header.membersRevision).to.equal(1n)
      expect(header.capabilitiesRevision).to.equal(1n)
      expect(header.memberCount).to.equal(1)
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a))
      expect(await member(a)).to.include({ capabilities: ALL, role: 'writer' })
    })

    it('[2] refuses a second creation', async () => {
      const message = await signed(a, creation(), { subject: context, nonce: 0n })
      expect(await send(message)).to.equal('accepted')
      const before = await nonceOf(a)
      expect(await send(message)).to.equal('ContextExists')
      expect(await nonceOf(a)).to.equal(before)
    })

    it('[3] refuses a creation that somebody else signed', async () => {
      const message = await signed(a, creation(), { subject: context, nonce: 0n }, x)
      expect(await send(message)).to.equal('BadSignature')
    })

    it('[4] refuses an id that is not made of author and salt', async () => {
      expect(await outcome(creation(), x, context)).to.equal('ContextIdMismatch')
      expect(await outcome(creation(2), a, context)).to.equal('ContextIdMismatch')
    })

    it('[5] takes an operation from whoever carries it', async () => {
      await row1()
      // another party than A's own: exactly as from A, nonce and revision included
      const nonce = await t.nonceOf(a)
      const relayed = await signed(a, add(b))
      expect(await send(relayed)).to.equal('accepted')
      expect(await member(b)).to.include({ role: 'writer', joinedRevision: 2n })
      expect(await t.nonceOf(a)).to.equal(nonce + 1n)
      expect(await send(relayed)).to.equal('BadNonce')
      const [last] = ((await t.harness.events?.()) ?? []).slice(-1)
      expect(last).to.deep.include({ name: 'MembersAdded', signer: a.publicKey, nonce })
    })

    it('[36] lets a manager of the application update it, byte for byte', async () => {
      await row6()
      await submit(group, bits('grant', [b, manageApplication]), a)
      const update: Operation = { kind: 'updateApplication', application: application(9) }
      await submit(context, update, b)
      const record = valueOf(await t.anchor.readContext(context))
      expect(record.application).to.deep.equal(application(9))
      expect(record.applicationRevision).to.equal(2n)
    })

    it('[37] refuses an update by a manager of members only', async () => {
      await row27()
      const update: Operation = { kind: 'updateApplication', application: application(9) }
      expect(await outcome(update, b, context)).to.equal('Unauthorized')
    })

    it('[38] counts no revision for an identical application', async () => {
      await row1()
      const before = await nonceOf(a)
      await submit(context, { kind: 'updateApplication', application: application() }, a)
      expect(valueOf(await t.anchor.readContext(context)).applicationRevision).to.equal(1n)
      expect(await nonceOf(a)).to.equal(before + 1n)
    })

    it('[38] counts a revision for whatever differs of an application', async () => {
      await row1()
      const { id, blob } = application(5)
      const differing = [
        ...[{ id }, { blob }, { size: 1235n }, { source: 'https://example.org/other.wasm' }],
        { metadata: Uint8Array.of(1, 2, 4) },
      ]
      for (const [index, more] of differing.entries()) {
        const changed = { ...application(), ...more }
        await submit(context, { kind: 'updateApplication', application: changed }, a)
        const record = valueOf(await t.anchor.readContext(context))
        expect(record.application).to.deep.equal(changed)
        expect(record.applicationRevision).to.equal(2n * BigInt(index) + 2n)
        await submit(context, { kind: 'updateApplication', application: application() }, a)
      }
    })

    it('[39] refuses a source or metadata one byte too long', async () => {
      await row1()
      for (const [source, metadata, expected] of [
        ['s'.repeat(512), new Uint8Array(1024), 'accepted'],
        ['s'.repeat(513), new Uint8Array(1024), 'LimitExceeded'],
        ['ü'.repeat(257), new Uint8Array(1024), 'LimitExceeded'],
        ['s'.repeat(512), new Uint8Array(1025), 'LimitExceeded'],
      ] as const) {
        const record = { ...application(), source, metadata }
        const update: Operation = { kind: 'updateApplication', application: record }
        expect(await send(await signed(a, update, { subject: context }))).to.equal(expected)
        const code = expected === 'accepted' ? 'no error' : 'ANCHOR_LIMIT'
        expect(await codeOf(submit(context, update, a))).to.equal(code)
      }
    })

    it('[40] knows no revisions of what is not there yet', async () => {
      for (const revision of [0n, 1n]) {
        for (const name of ['ifMembersRevision', 'ifApplicationRevision']) {
          const fields = { subject: context, nonce: 0n, [name]: revision }
          expect(await send(await signed(a, creation(), fields)), name).to.equal('RevisionMismatch')
        }
      }
      await row1()
      const second = { subject: contextOf(a, 2), ifApplicationRevision: 1n }
      expect(await send(await signed(a, creation(2, group), second))).to.equal('RevisionMismatch')
    })

    it('[40] applies only the first of two updates that expect one revision', async () => {
      await row1()
      for (const [n, expected] of [
        [2, 'accepted'],
        [3, 'RevisionMismatch'],
      ] as const) {
        const update: Operation = { kind: 'updateApplication', application: application(n) }
        const fields = { subject: context, ifApplicationRevision: 1n }
        expect(await send(await signed(a, update, fields))).to.equal(expected)
      }
      // none before, none to come
      const update: Operation = { kind: 'updateApplication', application: application(3) }
      const early = await signed(a, update, { subject: context, ifApplicationRevision: 3n })
      expect(await send(early)).to.equal('RevisionMismatch')
      for (const [ifMembersRevision, expected] of [
        [0n, 'RevisionMismatch'],
        [2n, 'RevisionMismatch'],
        [1n, 'accepted'],
      ] as const) {
        expect(await send(await signed(a, add(b), { ifMembersRevision }))).to.equal(expected)
      }
    })

    it('[45] says ContextNotFound for what it does not know', async () => {
      expect(await t.anchor.readContext(context)).to.equal(undefined)
      expect(await t.anchor.readGroup(group)).to.equal(undefined)
      expect(await t.anchor.readMembers(group)).to.equal(undefined)
      expect(await refusalOf(t.anchor.readMember(group, a.publicKey))).to.equal('ContextNotFound')
      expect(await outcome(add(b), a)).to.equal('ContextNotFound')
    })

    it('[84] shares the members of one group between contexts', async () => {
      await row6()
      const second = contextOf(a, 2)
      await submit(second, creation(2, group), a)
      const record = valueOf(await t.anchor.readContext(second))
      expect(record.group).to.deep.equal(group)
      await submit(second, { kind: 'updateApplication', application: application(5) }, a)
      expect(valueOf(await t.anchor.readContext(second)).applicationRevision).to.equal(2n)
      expect(valueOf(await t.anchor.readContext(context)).applicationRevision).to.equal(1n)
      expect(await membersRevision()).to.equal(2n)
    })

    it('[85] lets only who manages contexts create one in a group', async () => {
      await row6()
      expect(await outcome(creation(2, group), b, contextOf(b, 2))).to.equal('Unauthorized')
      expect(await outcome(creation(2, group), x, contextOf(x, 2))).to.equal('NotAMember')
      const unknown = ownGroup(contextOf(x, 7))
      expect(await outcome(creation(2, unknown), a, contextOf(a, 2))).to.equal('ContextNotFound')
      await submit(group, bits('grant', [b, manageContexts]), a)
      expect(await outcome(creation(2, group), b, contextOf(b, 2))).to.equal('accepted')
    })

    it('[86] removes a member from every context of the group at once', async () => {
      await row6()
      await submit(contextOf(a, 2), creation(2, group), a)
      await submit(group, remove(b), a)
      expect(await membersRevision()).to.equal(3n)
      for (const id of [context, contextOf(a, 2)]) {
        const { group: shared } = valueOf(await t.anchor.readContext(id))
        expect(await memberKeys(t.anchor, shared)).to.deep.equal(keysOf(a))
      }
    })

    it('[87] knows no group by the id of a context that has none of its own', async () => {
      await row6()
      const second = contextOf(a, 2)
      await submit(second, creation(2, group), a)
      expect(await outcome(add(c), a, second)).to.equal('ContextNotFound')
      const update: Operation = { kind: 'updateApplication', application: application(5) }
      expect(await outcome(update, a, contextOf(a, 3))).to.equal('ContextNotFound')
    })
  })
}
