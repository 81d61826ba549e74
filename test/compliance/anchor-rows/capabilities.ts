/** Rows about capabilities and options. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import type { Operation } from '../../../src/node/anchor/operations.ts'
import { ALL, type AnchorBench, add, bits } from '../anchor-bench.ts'
import { valueOf } from '../anchor-support.ts'

const { manageApplication, manageMembers } = CAPABILITIES

/** Registers the tests on a contract. */
export function capabilityRows(t: AnchorBench): void {
  const { a, b, c, x, group, submit, outcome, member, membersRevision, nonceOf, row6, row27 } = t
  describe('capabilities', () => {
    const revision = async (): Promise<bigint> =>
      valueOf(await t.anchor.readGroup(group)).capabilitiesRevision

    it('[27] grants a capability that counts at once', async () => {
      await row27()
      expect(await revision()).to.equal(2n)
      expect(await membersRevision()).to.equal(2n)
      expect(await outcome(add(c), b)).to.equal('accepted')
    })

    it('[28] lets nobody grant what it lacks', async () => {
      await row27()
      await submit(group, add(c), a)
      expect(await outcome(bits('grant', [c, manageApplication]), b)).to.equal('Unauthorized')
      // nor among others that it holds
      const [lacked, held] = [[c, manageApplication] as const, [a, manageMembers] as const]
      for (const kind of ['grant', 'revoke'] as const) {
        expect(await outcome(bits(kind, lacked, held), b)).to.equal('Unauthorized')
        expect(await outcome(bits(kind, held, lacked), b)).to.equal('Unauthorized')
      }
    })

    it('[29] [30] grants to members only, all or none', async () => {
      await row6()
      const before = await nonceOf(a)
      expect(await outcome(bits('grant', [x, manageMembers]), a)).to.equal('TargetNotMember')
      const both = bits('grant', [b, manageMembers], [x, manageMembers])
      expect(await outcome(both, a)).to.equal('TargetNotMember')
      expect(await member(b)).to.include({ capabilities: 0 })
      expect(await nonceOf(a)).to.equal(before)
    })

    it('refuses bits that do not exist, and none at all', async () => {
      await row6()
      expect(await outcome(bits('grant', [b, 32]), a)).to.equal('Malformed')
      expect(await outcome(bits('grant', [b, 0]), a)).to.equal('Malformed')
    })

    it('[31] takes by one revocation what was granted twice', async () => {
      await row27()
      await submit(group, bits('grant', [b, manageMembers]), a)
      expect(await revision()).to.equal(2n)
      await submit(group, bits('revoke', [b, manageMembers]), a)
      // and nothing the second time
      await submit(group, bits('revoke', [b, manageMembers]), a)
      expect(await revision()).to.equal(3n)
      expect(await member(b)).to.include({ capabilities: 0 })
    })

    it('[32] lets a holder revoke from anybody, the author included', async () => {
      await row27()
      expect(await outcome(bits('revoke', [a, manageMembers]), b)).to.equal('accepted')
      expect(await member(a)).to.include({ capabilities: ALL - manageMembers })
    })

    it('[46] shows the capabilities of each', async () => {
      await row6()
      const { members } = valueOf(await t.anchor.readMembers(group))
      expect(members.map(({ capabilities }) => capabilities)).to.deep.equal([ALL, 0])
      expect(await member(x)).to.equal(undefined)
    })

    it('changes options only for a manager of members', async () => {
      await row6()
      const operation: Operation = { kind: 'setOptions', options: { approvers: 'members' } }
      expect(await outcome(operation, b)).to.equal('Unauthorized')
      expect(await outcome(operation, a)).to.equal('accepted')
    })

    it('announces options that are others than before, and no others', async () => {
      await row6()
      const { events } = t.harness
      if (events === undefined) return expect.fail('expected a harness that tells of events')
      const before = await nonceOf(a)
      for (const approvers of ['members', 'members', 'govern'] as const) {
        await submit(group, { kind: 'setOptions', options: { approvers } }, a)
      }
      expect(await nonceOf(a)).to.equal(before + 3n)
      const told = (await events()).filter(({ name }) => name === 'OptionsChanged')
      expect(told).to.have.length(2)
    })
  })
}
