/** Rows about whole lists and whole logs: what is read in parts belongs together, and what was announced tells as much as what is stored. */
import { expect } from 'chai'
import { CAPABILITIES } from '../../../src/node/anchor/anchor.ts'
import { envelopeAnchor } from '../../../src/node/anchor/envelope-anchor.ts'
import { decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { toHex } from '../../../src/node/primitives/bytes.ts'
import type { PublicKey } from '../../../src/node/primitives/ids.ts'
import { systemClock, systemRandom } from '../../../src/node/primitives/clock.ts'
import { silentLogger } from '../../../src/node/primitives/logger.ts'
import { intercept } from '../../support/intercept.ts'
import { placesKey, Projection } from '../../property/anchor/projection.ts'
import { type AnchorBench, add, bits, crowd, HOUR, moveTo, remove } from '../anchor-bench.ts'
import { application, contextOf, creation, valueOf } from '../anchor-support.ts'

const { manageApplication, manageMembers } = CAPABILITIES

/** Registers the tests on a contract. */
export function wholeRows(t: AnchorBench): void {
  const { a, b, c, x, context, group, submit, now, row1 } = t

  describe('whole lists and logs', () => {
    it('[43] reads all members at one revision though one goes between two pages', async () => {
      await row1()
      const people = crowd(249)
      await submit(group, add(...people), a)
      const [goes = b] = people
      let pages = 0
      const { service } = t.harness
      const anchor = envelopeAnchor({
        protocol: t.anchor.protocol,
        network: t.anchor.network,
        contract: t.anchor.contract,
        service: intercept(service, {
          readMemberPage: async (...args) => {
            if (++pages === 2) await submit(group, remove(goes), a)
            return service.readMemberPage(...args)
          },
        }),
      })({ clock: systemClock, random: systemRandom, logger: silentLogger })
      const { revision, members } = valueOf(await anchor.readMembers(group))
      const keys = new Set(members.map(({ identity }) => toHex(identity)))
      expect(keys.size).to.equal(members.length)
      // before the removal or after it, and nothing in between
      const before = valueOf(await t.anchor.readGroup(group)).membersRevision - 1n
      expect(revision === before || revision === before + 1n).to.equal(true)
      expect(members.length).to.equal(revision === before ? 250 : 249)
      expect(keys.has(toHex(goes.publicKey))).to.equal(revision === before)
      expect(pages).to.be.greaterThan(2)
    })

    it('[83] announces everything: the log replayed equals what is stored', async () => {
      const { events } = t.harness
      if (events === undefined) return expect.fail('expected a harness that tells of events')
      await row1()
      await submit(group, add(b, c, ...crowd(3)), a)
      await submit(group, bits('grant', [b, manageMembers], [c, manageApplication]), a)
      await submit(group, bits('revoke', [c, manageApplication]), a)
      await submit(group, { kind: 'setRole', ids: [c.publicKey], role: 'reader' }, b)
      await submit(group, remove(...crowd(3)), b)
      const second = contextOf(a, 2)
      await submit(second, creation(2, group), a)
      await submit(second, { kind: 'updateApplication', application: application(7) }, a)
      await submit(group, { kind: 'setOptions', options: { approvers: 'members' } }, a)
      const notAfter = now() + BigInt(HOUR)
      const invite = (): Promise<Uint8Array> =>
        t.anchor.createInvitation(group, { notAfter, role: 'reader' }, a)
      await t.anchor.claimInvitation(await invite(), x)
      const { terms, inviterSignature } = decodeTicket(await invite())
      await submit(group, { kind: 'revokeInvitation', terms, inviterSignature }, a)
      await submit(group, { kind: 'voidInvitations' }, a)
      const nonce = (await t.nonceOf(a)) + 5n
      await submit(group, { kind: 'bumpNonce', to: nonce }, a)
      await submit(group, moveTo(t.successors[0]), a)
      await submit(group, { kind: 'leave' }, c)
      const planned = valueOf(await t.anchor.readGroup(group)).migration
      await submit(group, { kind: 'seal' }, a)

      const log = await events()
      const projection = new Projection()
      for (const event of log) projection.apply(event)
      expect(log.map(({ name }) => name)).to.deep.equal([
        ...['ContextCreated', 'MembersAdded', 'CapabilitiesChanged', 'CapabilitiesChanged'],
        ...['RolesChanged', 'MembersRemoved', 'ContextCreated', 'ApplicationUpdated'],
        ...['OptionsChanged', 'InvitationClaimed', 'InvitationRevoked', 'InvitationsVoided'],
        ...['NonceBumped', 'MigrationPlanned', 'MembersRemoved', 'ContextSealed'],
      ])
      const header = valueOf(await t.anchor.readGroup(group))
      const { members } = valueOf(await t.anchor.readMembers(group))
      const projected = projection.groups.get(toHex(group))
      expect(projected?.membersRevision).to.equal(header.membersRevision)
      expect(projected?.capabilitiesRevision).to.equal(header.capabilitiesRevision)
      expect(projected?.sealed).to.equal(header.sealed)
      expect(projected?.migration).to.equal(header.migration)
      const [plan] = log.filter(({ name }) => name === 'MigrationPlanned')
      expect(plan).to.deep.include({ migration: planned })
      const { service } = t.harness
      const standing = async (identity: PublicKey) =>
        (await service.readStanding(group, identity)).value
      expect(new Map(projected?.members)).to.deep.equal(
        new Map(
          await Promise.all(
            members.map(async ({ identity, role, capabilities, joinedRevision }) => {
              const { series } = await standing(identity)
              return [toHex(identity), { role, capabilities, joinedRevision, series }] as const
            }),
          ),
        ),
      )
      expect(projected?.past.get(toHex(c.publicKey))).to.include({ barred: false })
      for (const { publicKey } of crowd(3)) {
        expect(projected?.past.get(toHex(publicKey))).to.include({ barred: true })
      }
      const outcomes = [...(projected?.invitations.values() ?? [])]
      expect(outcomes).to.have.deep.members([
        { notAfter, uses: 1, revoked: false },
        { notAfter, uses: 0, revoked: true },
      ])
      expect([...(projected?.places ?? [])]).to.deep.equal([
        [placesKey(a.publicKey, { joinedRevision: 1n, series: 0 }), [notAfter, notAfter]],
      ])
      for (const id of [context, second]) {
        const record = valueOf(await t.anchor.readContext(id))
        expect(projection.contexts.get(toHex(id))).to.deep.equal({
          group: toHex(record.group),
          application: toHex(record.application.id),
          revision: record.applicationRevision,
        })
      }
      const signers = log.map(({ signer }) => toHex(signer))
      expect(new Set(signers)).to.deep.equal(
        new Set([a, b, c, x].map(({ publicKey }) => toHex(publicKey))),
      )
    })
  })
}
