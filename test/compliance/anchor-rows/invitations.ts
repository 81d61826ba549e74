/** Rows about invitations. */
import { expect } from 'chai'
import { type InvitationInit, type Signer, CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { MAX_INVITATION_SECONDS, MAX_TICKET_BYTES } from '../../../src/node/anchor/limits.ts'
import type { InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { HOUR, type AnchorBench, add, remove, bits } from '../anchor-bench.ts'
import { codeOf, contextOf, ownGroup, person, refusalOf } from '../anchor-support.ts'

const { manageMembers, proxy } = CAPABILITIES

/** Registers the tests on a contract. */
export function invitationRows(t: AnchorBench): void {
  const { a, b, c, x, group, now, submit, outcome, member, signed, send, row1, row6, row27 } = t
  describe('invitations', () => {
    const invite = (fields: Partial<InvitationInit> = {}, by = a) =>
      t.anchor.createInvitation(group, { notAfter: now() + BigInt(HOUR), ...fields }, by)
    const claim = (ticket: Uint8Array, who: Signer): Promise<unknown> =>
      refusalOf(t.anchor.claimInvitation(ticket, who))
    /** A claim by `who` of terms that were changed and signed again by the inviter. */
    const claimOf = async (
      who: Signer,
      changes: Partial<InvitationTerms>,
      options: { claimant?: Signer; inviter?: Signer } = {},
    ): Promise<string> => {
      const { terms: original, claimSeed } = decodeTicket(await invite())
      const terms = { ...original, ...changes }
      const { claimant = who, inviter = a } = options
      const operation: Operation = {
        kind: 'claimInvitation',
        terms,
        inviterSignature: await t.scheme.signInvitation(terms, inviter),
        claimSignature: t.scheme.signClaim(claimSeed, terms, claimant.publicKey),
      }
      return send(await signed(who, operation, { nonce: 0n }))
    }

    it('[47] joins whoever holds the ticket', async () => {
      await row1()
      expect(await claim(await invite(), x)).to.equal('accepted')
      expect(await member(x)).to.deep.equal({
        identity: x.publicKey,
        role: 'writer',
        capabilities: 0,
        nonce: 2n << 32n,
        joinedRevision: 2n,
      })
      await submit(group, bits('grant', [x, manageMembers]), a)
      const message = await signed(x, add(b))
      expect(await send(message)).to.equal('accepted')
      expect(await send(message)).to.equal('BadNonce')
    })

    it('[48] joins no more than it allows', async () => {
      await row1()
      const once = await invite()
      expect(await claim(once, x)).to.equal('accepted')
      expect(await claim(once, x)).to.equal('InvitationUsed')
      expect(await claim(once, b)).to.equal('InvitationUsed')
      const twice = await invite({ maxUses: 2 })
      expect(await claim(twice, b)).to.equal('accepted')
      expect(await claim(twice, b)).to.equal('AlreadyMember')
      expect(await claim(twice, c)).to.equal('accepted')
      expect(await claim(twice, person('D'))).to.equal('InvitationUsed')
      await submit(group, remove(x), a)
      expect(await claim(once, x)).to.equal('InvitationUsed')
    })

    it('[49] cannot be redirected by who watches', async () => {
      await row1()
      expect(await claimOf(b, {}, { claimant: x })).to.equal('InvitationInvalid')
      expect(await claimOf(b, {}, { inviter: b })).to.equal('InvitationInvalid')
      expect(await claimOf(b, {})).to.equal('accepted')
    })

    it('[50] ends when it expires, is revoked, or its inviter no longer may', async () => {
      await row6()
      await submit(group, bits('grant', [b, manageMembers]), a)
      const late = await invite()
      const byB = await invite({}, b)
      const revoked = await invite()
      const { terms } = decodeTicket(revoked)
      const { inviter, inviteNonce, notAfter } = terms
      const revocation: Operation = { kind: 'revokeInvitation', inviter, inviteNonce, notAfter }
      expect(await outcome(revocation, x)).to.equal('NotAMember')
      await submit(group, add(c), a)
      expect(await outcome(revocation, c)).to.equal('Unauthorized')
      expect(await outcome(revocation, b)).to.equal('accepted')
      expect(await claim(revoked, x)).to.equal('InvitationRevoked')
      await submit(group, bits('revoke', [b, manageMembers]), a)
      expect(await claim(byB, x)).to.equal('InvitationInvalid')
      await t.harness.clock.advance(HOUR + 1)
      expect(await claim(late, x)).to.equal('Expired')
      expect(await claim(revoked, x)).to.equal('Expired')
    })

    it('[50] lasts no longer than a year, and neither does a revocation', async () => {
      await row1()
      const late = now() + MAX_INVITATION_SECONDS + 60n
      expect(await codeOf(invite({ notAfter: late }))).to.equal('ANCHOR_LIMIT')
      expect(await claimOf(x, { notAfter: late })).to.equal('LimitExceeded')
      const { inviter, inviteNonce } = decodeTicket(await invite()).terms
      const revocation = (notAfter: bigint): Operation => ({
        kind: 'revokeInvitation',
        inviter,
        inviteNonce,
        notAfter,
      })
      expect(await outcome(revocation(late), a)).to.equal('LimitExceeded')
      expect(await outcome(revocation(late - 120n), a)).to.equal('accepted')
    })

    it('[51] counts for one contract and one group', async () => {
      await row1()
      const elsewhere = { ...t.domain, network: new Uint8Array(32) }
      expect(await claimOf(x, { domain: elsewhere })).to.equal('WrongDomain')
      const otherGroup = ownGroup(contextOf(a, 2))
      expect(await claimOf(x, { group: otherGroup })).to.equal('InvitationInvalid')
    })

    it('[90] fixes the role of whoever claims', async () => {
      await row1()
      expect(await claim(await invite({ role: 'reader' }), x)).to.equal('accepted')
      expect(await member(x)).to.include({ role: 'reader' })
      const { terms } = decodeTicket(await invite({ role: 'reader' }))
      const operation: Operation = {
        kind: 'claimInvitation',
        terms: { ...terms, role: 'writer' },
        inviterSignature: await t.scheme.signInvitation(terms, a),
        claimSignature: new Uint8Array(64),
      }
      const message = await signed(b, operation, { nonce: 0n })
      expect(await send(message)).to.equal('InvitationInvalid')
      const relay = { role: 'relay', capabilities: manageMembers } as const
      expect(await claimOf(b, relay)).to.equal('RoleForbids')
    })

    it('gives capabilities that its inviter holds, and no others', async () => {
      await row27()
      const given = await invite({ capabilities: manageMembers }, b)
      expect(await claim(given, x)).to.equal('accepted')
      expect(await member(x)).to.include({ capabilities: manageMembers })
      const more = await invite({ capabilities: manageMembers | proxy }, b)
      expect(await claim(more, c)).to.equal('InvitationInvalid')
    })

    it('remembers 64 invitations of an inviter and refuses the next', async () => {
      await row1()
      for (let nonce = 0n; nonce < 65n; nonce++) {
        const notAfter = now() + BigInt(HOUR)
        const operation: Operation = {
          kind: 'revokeInvitation',
          inviter: a.publicKey,
          inviteNonce: nonce,
          notAfter,
        }
        const expected = nonce < 64n ? 'accepted' : 'LimitExceeded'
        expect(await send(await signed(a, operation))).to.equal(expected)
      }
      expect(await claim(await invite(), x)).to.equal('LimitExceeded')
      await t.harness.clock.advance(HOUR + 60)
      expect(await claim(await invite(), x)).to.equal('accepted')
    })

    it('refuses bytes that are no ticket', async () => {
      const ticket = await invite()
      const tooLong = new Uint8Array(MAX_TICKET_BYTES + 1)
      const others = [new Uint8Array(0), ticket.subarray(1), Uint8Array.of(...ticket, 0), tooLong]
      for (const bytes of others) {
        const code = await codeOf(t.anchor.claimInvitation(bytes, x))
        expect(code).to.equal('ANCHOR_TICKET_INVALID')
      }
    })
  })
}
