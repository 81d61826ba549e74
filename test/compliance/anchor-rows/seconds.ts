/** Rows about the very seconds at which invitations, and what is kept of those who went, come to their ends. */
import { expect } from 'chai'
import type { InvitationInit, Signer } from '../../../src/node/anchor/anchor.ts'
import { MAX_INVITATION_SECONDS, MAX_VALIDITY_SECONDS } from '../../../src/node/anchor/limits.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { type AnchorBench, HOUR, remove } from '../anchor-bench.ts'
import { person, refusalOf } from '../anchor-support.ts'

/** Registers the tests on a contract. */
export function secondRows(t: AnchorBench): void {
  const { a, b, c, x, group, now, signed, send, row1, row6 } = t
  describe('seconds of invitations', () => {
    const invite = (fields: Partial<InvitationInit> = {}): Promise<Uint8Array> =>
      t.anchor.createInvitation(group, { notAfter: now() + BigInt(HOUR), ...fields }, a)
    const claim = (ticket: Uint8Array, who: Signer): Promise<unknown> =>
      refusalOf(t.anchor.claimInvitation(ticket, who))
    /** A's revocation of a ticket, which holds at a second to come. */
    const revocationAt = async (second: bigint, ticket: Uint8Array): Promise<SignedEnvelope> => {
      const { terms, inviterSignature } = decodeTicket(ticket)
      const operation: Operation = { kind: 'revokeInvitation', terms, inviterSignature }
      return signed(a, operation, { validUntil: second + 60n })
    }

    it('[48] [50] lasts until its last second, and is remembered as long', async () => {
      await row1()
      const d = person('D')
      const end = now() + 1000n
      const until = { notAfter: end }
      const [free, used, taken, other] = [
        ...[await invite(until), await invite(until), await invite(until), await invite(until)],
      ] as const
      expect(await claim(used, b)).to.equal('accepted')
      expect(await t.sendAt(end, await t.claimAt(end, free, x))).to.equal('accepted')
      expect(await t.sendAt(end, await t.claimAt(end, used, c))).to.equal('InvitationUsed')
      const revocation = await revocationAt(end, taken)
      expect(await t.sendAt(end, revocation)).to.equal('accepted')
      expect(await t.sendAt(end, await t.claimAt(end, taken, c))).to.equal('InvitationRevoked')
      expect(await t.sendAt(end + 1n, await t.claimAt(end, other, d))).to.equal('Expired')
      const late = await revocationAt(end, other)
      expect(await t.sendAt(end + 1n, late)).to.equal('Expired')
    })

    it('[50] lasts a year, and no second longer', async () => {
      await row1()
      const ticket = await invite()
      for (const [second, more, expected] of [
        [now() + 100n, 1n, 'LimitExceeded'],
        [now() + 110n, 0n, 'accepted'],
      ] as const) {
        const notAfter = second + MAX_INVITATION_SECONDS + more
        const message = await t.claimAt(second, ticket, x, { notAfter })
        expect(await t.sendAt(second, message)).to.equal(expected)
      }
    })

    it('keeps the nonce of who left until the last second of what it signed', async () => {
      await row1()
      const ticket = await invite({ maxUses: 9, notAfter: now() + 3n * MAX_VALIDITY_SECONDS })
      const { terms, inviterSignature, claimSeed } = decodeTicket(ticket)
      const claimSignature = t.scheme.signClaim(claimSeed, terms, x.publicKey)
      const operation: Operation = {
        kind: 'claimInvitation',
        ...{ terms, inviterSignature, claimSignature },
      }
      const start = now() + 100n
      const once = await signed(x, operation, { validUntil: start + MAX_VALIDITY_SECONDS })
      expect(await t.sendAt(start, once)).to.equal('accepted')
      const leaving = await signed(x, { kind: 'leave' })
      expect(await t.sendAt(start, leaving)).to.equal('accepted')
      await t.harness.clock.at(start + MAX_VALIDITY_SECONDS)
      expect(await t.nonceOf(x)).to.not.equal(0n)
      expect(await send(once)).to.equal('BadNonce')
      await t.harness.clock.at(start + MAX_VALIDITY_SECONDS + 1n)
      expect(await t.nonceOf(x)).to.equal(0n)
      expect(await send(once)).to.equal('Expired')
    })

    it('bars who was removed until the last second of a ticket of then', async () => {
      await row6()
      const ticket = await invite()
      const start = now() + 100n
      const removal = await signed(a, remove(b, c))
      expect(await t.sendAt(start, removal)).to.equal('accepted')
      const end = start + MAX_INVITATION_SECONDS
      for (const [who, second, expected] of [
        [b, end, 'Barred'],
        [c, end, 'Barred'],
        [b, end + 1n, 'accepted'],
        [c, end + 2n, 'accepted'],
      ] as const) {
        await t.harness.clock.at(second)
        const changes = { notAfter: second, inviteNonce: second }
        expect(await send(await t.claimAt(second, ticket, who, changes))).to.equal(expected)
      }
    })
  })
}
