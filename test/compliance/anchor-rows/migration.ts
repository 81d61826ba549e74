/** Rows about a group's move to another contract: what is planned, seen and called off, and what there is afterwards. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { MIGRATION_SECONDS } from '../../../src/node/anchor/limits.ts'
import { claimTicket, decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { EMPTY } from '../../../src/node/primitives/bytes.ts'
import { type AnchorBench, add, bits, HOUR, moveTo } from '../anchor-bench.ts'
import { application, contextOf, creation, valueOf } from '../anchor-support.ts'

const { manageMembers, proxy } = CAPABILITIES

/** Registers the tests on a contract. */
export function migrationRows(t: AnchorBench): void {
  const { a, b, x, context, group, submit, outcome, now, row6, row27 } = t
  const migration = async (): Promise<unknown> => valueOf(await t.anchor.readGroup(group)).migration

  describe('moving to another contract', () => {
    it('[91] plans a move for all to see, and stays until then', async () => {
      await row27()
      const [successor] = t.successors
      expect(await migration()).to.equal(undefined)
      expect(await outcome(moveTo(successor), b)).to.equal('Unauthorized')
      const second = now() + 100n
      const plan = await t.signed(a, moveTo(successor))
      expect(await t.sendAt(second, plan)).to.equal('accepted')
      const movesAt = second + MIGRATION_SECONDS
      expect(await migration()).to.deep.include({ successor, movesAt })
      expect(await outcome(add(x), b)).to.equal('accepted')
    })

    it('[92] replaces a plan and begins the week anew, calls it off, and has none of itself', async () => {
      await row6()
      const [one, other] = t.successors
      await submit(group, moveTo(one), a)
      const { movesAt: first } = (await migration()) as { movesAt: bigint }
      await t.harness.clock.advance(HOUR)
      await submit(group, moveTo(other), a)
      const { movesAt, successor } = (await migration()) as {
        movesAt: bigint
        successor: Uint8Array
      }
      expect(successor).to.deep.equal(other)
      expect(movesAt - first >= BigInt(HOUR) - 1n).to.equal(true)
      // who may not move the group may not keep it either
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await outcome(moveTo(EMPTY), b)).to.equal('Unauthorized')
      await submit(group, bits('grant', [b, proxy]), a)
      expect(await outcome(moveTo(EMPTY), b)).to.equal('accepted')
      expect(await migration()).to.equal(undefined)
      expect(await outcome(moveTo(EMPTY), b)).to.equal('accepted')
      expect(await outcome(moveTo(t.domain.contract), a)).to.equal('Malformed')
      const beyond = await t.signed(a, moveTo(new Uint8Array(65).fill(7)))
      expect(await t.send(beyond)).to.equal('LimitExceeded')
    })

    it('[93] changes nothing of a group that has moved, and still answers for it', async () => {
      await row6()
      const notAfter = now() + MIGRATION_SECONDS + BigInt(HOUR)
      const ticket = await t.anchor.createInvitation(group, { notAfter }, a)
      const [successor] = t.successors
      await submit(group, moveTo(successor), a)
      await t.harness.clock.advance(Number(MIGRATION_SECONDS) + 1)
      const update = { kind: 'updateApplication', application: application(7) } as const
      const { service } = t.harness
      const nonce = (await service.readStanding(group, a.publicKey)).value.nonce
      const claim = claimTicket(decodeTicket(ticket), x, t.scheme)
      // by the contract's own door: an anchor may go with the group
      for (const [signer, operation, fields] of [
        [a, add(x), { nonce }],
        [a, moveTo(EMPTY), { nonce }],
        [a, { kind: 'seal' }, { nonce }],
        [a, update, { nonce, subject: context }],
        [a, creation(2, group), { nonce, subject: contextOf(a, 2) }],
        [b, { kind: 'leave' }, { nonce: 2n << 32n }],
        [x, claim, { nonce: 0n }],
      ] as const) {
        const message = await t.signed(signer, operation, fields)
        expect(await t.send(message), operation.kind).to.equal('Moved')
      }
      const { value: header } = await service.readGroup(group)
      expect(header?.migration).to.deep.include({ successor })
      expect((await service.readMember(group, b.publicKey)).value?.role).to.equal('writer')
      expect((await service.readContext(context)).value?.applicationRevision).to.equal(1n)
      // another group of the same contract stays
      expect(await outcome(creation(3), a, contextOf(a, 3))).to.equal('accepted')
    })
  })
}
