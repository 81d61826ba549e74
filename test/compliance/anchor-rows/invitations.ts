/** Rows about invitations. */
import { expect } from 'chai'
import { type InvitationInit, type Signer, CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { MAX_INVITATION_SECONDS, MAX_TICKET_BYTES } from '../../../src/node/anchor/limits.ts'
import type { InvitationTerms, Operation } from '../../../src/node/anchor/operations.ts'
import { decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { HOUR, type AnchorBench, add, remove, dismiss, bits } from '../anchor-bench.ts'
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
      return send(await signed(who, operation))
    }

    /** The revocation of a ticket, whose terms may be changed and signed again by the inviter. */
    const revocationOf = async (
      ticket: Uint8Array,
      changes: Partial<InvitationTerms> = {},
      inviter: Signer = a,
    ): Promise<Operation> => {
      const terms = { ...decodeTicket(ticket).terms, ...changes }
      const inviterSignature = await t.scheme.signInvitation(terms, inviter)
      return { kind: 'revokeInvitation', terms, inviterSignature }
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
      await submit(group, dismiss(x), a)
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
      const revocation = await revocationOf(revoked)
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

    it('[50] lasts no longer than a year, and is revoked for as long as it would last', async () => {
      await row1()
      const late = now() + MAX_INVITATION_SECONDS + 60n
      expect(await codeOf(invite({ notAfter: late }))).to.equal('ANCHOR_LIMIT')
      expect(await claimOf(x, { notAfter: late })).to.equal('LimitExceeded')
      const ticket = await invite()
      const { terms, claimSeed } = decodeTicket(ticket)
      const far = { ...terms, notAfter: late }
      expect(await outcome(await revocationOf(ticket, far), a)).to.equal('accepted')
      // when it may be claimed at last, it is revoked still
      await t.harness.clock.advance(3600)
      const operation: Operation = {
        kind: 'claimInvitation',
        terms: far,
        inviterSignature: await t.scheme.signInvitation(far, a),
        claimSignature: t.scheme.signClaim(claimSeed, far, x.publicKey),
      }
      expect(await send(await signed(x, operation))).to.equal('InvitationRevoked')
    })

    it('revokes what there is, by somebody who may, and what is of use to anybody', async () => {
      await row6()
      const ticket = await invite()
      expect(await outcome(await revocationOf(ticket, {}, x), a)).to.equal('InvitationInvalid')
      const byStranger = { inviter: x.publicKey, membership: 0n }
      expect(await outcome(await revocationOf(ticket, byStranger, x), a)).to.equal(
        'InvitationInvalid',
      )
      const other = ownGroup(contextOf(a, 2))
      expect(await outcome(await revocationOf(ticket, { group: other }), a)).to.equal(
        'InvitationInvalid',
      )
      const elsewhere = { ...t.domain, network: new Uint8Array(32) }
      expect(await outcome(await revocationOf(ticket, { domain: elsewhere }), a)).to.equal(
        'WrongDomain',
      )
      expect(await outcome(await revocationOf(ticket, { notAfter: now() - 60n }), a)).to.equal(
        'Expired',
      )
      expect(await outcome(await revocationOf(ticket, { maxUses: 0 }), a)).to.equal(
        'InvitationUsed',
      )
      expect(await outcome(await revocationOf(ticket), a)).to.equal('accepted')
      expect(await outcome(await revocationOf(ticket), a)).to.equal('InvitationRevoked')
      const used = await invite()
      expect(await claim(used, x)).to.equal('accepted')
      expect(await outcome(await revocationOf(used), a)).to.equal('InvitationUsed')
    })

    it('takes back a ticket that is half used, and no other of the same number', async () => {
      await row1()
      const ticket = await invite({ maxUses: 2 })
      const { inviteNonce } = decodeTicket(ticket).terms
      expect(await claim(ticket, b)).to.equal('accepted')
      expect(await outcome(await revocationOf(ticket), a)).to.equal('accepted')
      expect(await claim(ticket, c)).to.equal('InvitationRevoked')
      expect(await claimOf(c, { inviteNonce })).to.equal('accepted')
    })

    it('is taken back by its inviter, which may nothing else any more', async () => {
      await row27()
      const [own, foreign] = [await invite({}, b), await invite()]
      await submit(group, bits('revoke', [b, manageMembers]), a)
      expect(await outcome(await revocationOf(foreign), b)).to.equal('Unauthorized')
      expect(await outcome(await revocationOf(own, {}, b), b)).to.equal('accepted')
    })

    it('stays revoked when who revoked it goes, and comes back', async () => {
      await row27()
      const ticket = await invite()
      expect(await outcome(await revocationOf(ticket), b)).to.equal('accepted')
      await submit(group, { kind: 'leave' }, b)
      expect(await claim(ticket, x)).to.equal('InvitationRevoked')
      await submit(group, add(b), a)
      expect(await claim(ticket, x)).to.equal('InvitationRevoked')
    })

    it('ends with the membership of its inviter', async () => {
      await row27()
      const byB = await invite({ maxUses: 5 }, b)
      expect(await claim(byB, c)).to.equal('accepted')
      await submit(group, remove(b), a)
      expect(await claim(byB, x)).to.equal('InvitationInvalid')
      await submit(group, add(b), a)
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await claim(byB, x)).to.equal('InvitationInvalid')
      expect(await outcome(await revocationOf(byB, {}, b), b)).to.equal('InvitationInvalid')
      expect(await claim(await invite({}, b), x)).to.equal('accepted')
    })

    it('ends when its inviter voids all that it gave', async () => {
      await row27()
      const [byA, byB] = [await invite(), await invite({}, b)]
      const revision = await t.membersRevision()
      expect(await outcome({ kind: 'voidInvitations' }, b)).to.equal('accepted')
      expect(await t.membersRevision()).to.equal(revision)
      expect(await claim(byB, x)).to.equal('InvitationInvalid')
      expect(await claim(byA, x)).to.equal('accepted')
      expect(await claim(await invite({}, b), c)).to.equal('accepted')
      expect(await outcome({ kind: 'voidInvitations' }, person('D'))).to.equal('NotAMember')
    })

    it('counts for the membership and the series that it names, none before or after', async () => {
      await row1()
      expect(await claimOf(x, { capabilities: 32 })).to.equal('Malformed')
      const invalid = async (changes: readonly Partial<InvitationTerms>[]): Promise<void> => {
        for (const change of changes) {
          expect(await claimOf(x, change)).to.equal('InvitationInvalid')
          const revocation = await revocationOf(await invite(), change)
          expect(await outcome(revocation, a)).to.equal('InvitationInvalid')
        }
      }
      await invalid([{ membership: 0n }, { membership: 2n }, { series: 1 }])
      await submit(group, { kind: 'voidInvitations' }, a)
      await invalid([{ series: 0 }, { series: 2 }])
      expect(await claimOf(x, { series: 1 })).to.equal('accepted')
    })

    it('is given by members only', async () => {
      await row1()
      expect(await refusalOf(invite({}, x))).to.equal('NotAMember')
    })

    it('is claimed once with the same bytes, whoever brings them again', async () => {
      await row1()
      const { terms, claimSeed } = decodeTicket(await invite({ maxUses: 9 }))
      const operation: Operation = {
        kind: 'claimInvitation',
        terms,
        inviterSignature: await t.scheme.signInvitation(terms, a),
        claimSignature: t.scheme.signClaim(claimSeed, terms, x.publicKey),
      }
      const once = await signed(x, operation)
      expect(await send(once)).to.equal('accepted')
      expect(await send(once)).to.equal('BadNonce')
      await submit(group, { kind: 'leave' }, x)
      expect(await send(once)).to.equal('BadNonce')
      // who left may claim anew, with its own word
      const again = await signed(x, operation)
      expect(await send(again)).to.equal('accepted')
      await submit(group, dismiss(x), a)
      for (const old of [once, again]) expect(await send(old)).to.equal('BadNonce')
      expect(await member(x)).to.equal(undefined)
    })

    it('is used up for its claimant as long as the bytes of its claim hold', async () => {
      await row1()
      const ticket = await invite({ maxUses: 9, notAfter: now() + 48n * BigInt(HOUR) })
      const { terms, inviterSignature, claimSeed } = decodeTicket(ticket)
      const claimSignature = t.scheme.signClaim(claimSeed, terms, x.publicKey)
      const operation: Operation = {
        kind: 'claimInvitation',
        ...{ terms, inviterSignature, claimSignature },
      }
      const long = await signed(x, operation, { validUntil: now() + 24n * BigInt(HOUR) - 60n })
      expect(await send(long)).to.equal('accepted')
      await submit(group, { kind: 'leave' }, x)
      await t.harness.clock.advance(24 * HOUR - 600)
      expect(await send(long)).to.equal('BadNonce')
      await t.harness.clock.advance(1200)
      expect(await send(long)).to.equal('Expired')
      // nothing is kept any more, and nothing that was signed before is good
      expect(await t.nonceOf(x)).to.equal(0n)
      expect(await claim(ticket, x)).to.equal('accepted')
    })

    it('bars who was removed, until it is added by name or no ticket of then is left', async () => {
      await row6()
      const [first, second] = [await invite(), await invite()]
      await submit(group, remove(b), a)
      expect(await claim(first, b)).to.equal('Barred')
      // somebody else may still come, and the refusal used nothing up
      expect(await claim(first, x)).to.equal('accepted')
      await submit(group, add(b), a)
      await submit(group, dismiss(b), a)
      expect(await claim(second, b)).to.equal('accepted')
    })

    it('bars also who left a moment before, and who was no member', async () => {
      await row6()
      const ticket = await invite()
      await submit(group, { kind: 'leave' }, b)
      const [revision, nonce] = [await t.membersRevision(), await t.nonceOf(b)]
      await submit(group, remove(b, c), a)
      expect(await t.membersRevision()).to.equal(revision + 1n)
      expect([await t.nonceOf(b), await t.nonceOf(c)]).to.deep.equal([nonce, 0n])
      for (const who of [b, c]) expect(await claim(ticket, who)).to.equal('Barred')
      // as it is already
      await submit(group, remove(b, c), a)
      await submit(group, dismiss(b, x), a)
      expect(await t.membersRevision()).to.equal(revision + 1n)
      expect(await claim(ticket, x)).to.equal('accepted')
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
      expect(await send(await signed(b, operation))).to.equal('InvitationInvalid')
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

    it('gives each member 64 places, and nobody those of another', async () => {
      await row27()
      const notAfter = now() + BigInt(HOUR)
      const ticket = await invite({ notAfter, maxUses: 2 })
      const sendBy = async (who: Signer, inviteNonce: bigint): Promise<string> =>
        send(await signed(who, await revocationOf(ticket, { inviteNonce })))
      // B revokes what A gave: at its own expense
      for (let nonce = 0n; nonce < 64n; nonce++) {
        expect(await sendBy(b, nonce)).to.equal('accepted')
      }
      expect(await sendBy(b, 64n)).to.equal('LimitExceeded')
      for (let nonce = 64n; nonce < 127n; nonce++) {
        expect(await sendBy(a, nonce)).to.equal('accepted')
      }
      expect(await claim(ticket, x)).to.equal('accepted')
      expect(await sendBy(a, 127n)).to.equal('LimitExceeded')
      // what has a place needs no other
      expect(await claim(ticket, person('D'))).to.equal('accepted')
      expect(await claim(await invite(), c)).to.equal('LimitExceeded')
      // voiding its own gives a member its places back, and takes nothing back
      await submit(group, { kind: 'voidInvitations' }, b)
      expect(await sendBy(b, 128n)).to.equal('accepted')
      expect(await sendBy(b, 0n)).to.equal('InvitationRevoked')
      // so does another membership, though its series is the first again
      await submit(group, dismiss(b), a)
      await submit(group, add(b), a)
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await sendBy(b, 129n)).to.equal('accepted')
      // until the last second of what takes them
      const late = await t.claimAt(notAfter, await invite({ notAfter: notAfter + 600n }), c)
      expect(await t.sendAt(notAfter, late)).to.equal('LimitExceeded')
      expect(await t.sendAt(notAfter + 1n, late)).to.equal('accepted')
    }).timeout(60_000)

    it('refuses bytes that are no ticket', async () => {
      await row1()
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
