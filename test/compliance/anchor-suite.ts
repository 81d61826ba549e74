/**
 * The contract of every anchor: one body of tests for the model in memory, the local service and each chain. Numbers in titles are rows
 * of the conformance list (`npm run conformance`); rows of governance, deposits and Ethereum's bindings are not part of it.
 */
import { expect } from 'chai'
import { AnchorBench, add, type AnchorHarness } from './anchor-bench.ts'
import { capabilityRows } from './anchor-rows/capabilities.ts'
import { contextRows } from './anchor-rows/contexts.ts'
import { invitationRows } from './anchor-rows/invitations.ts'
import { memberRows } from './anchor-rows/members.ts'
import { migrationRows } from './anchor-rows/migration.ts'
import { packageRows } from './anchor-rows/packages.ts'
import { secondRows } from './anchor-rows/seconds.ts'
import { envelopeRows } from './anchor-rows/signed-bytes.ts'
import { wholeRows } from './anchor-rows/whole.ts'
import { creation } from './anchor-support.ts'

/** Runs the suite against fresh contracts that `create` makes, without the package registry's rows where there is none to reach. */
export function anchorSuite(
  name: string,
  create: () => Promise<AnchorHarness>,
  { hasPackages = true }: { readonly hasPackages?: boolean } = {},
): void {
  describe(`anchor: ${name}`, () => {
    const t = new AnchorBench(create)
    const { a, b, context, group, submit, signed, send, row1 } = t

    beforeEach(() => t.begin())
    afterEach(() => t.end())

    contextRows(t)
    memberRows(t)
    envelopeRows(t)
    capabilityRows(t)
    invitationRows(t)
    secondRows(t)
    wholeRows(t)
    migrationRows(t)
    if (hasPackages) packageRows(t)

    describe('watching', () => {
      it('tells every change after now to those who listen', async () => {
        await row1()
        const other = await t.harness.anchor()
        const heard = new Promise<Uint8Array>((resolve) => {
          const off = other.watch(({ subject }) => {
            if (subject.length === 0) return
            off()
            resolve(subject)
          })
        })
        await submit(group, add(b), a)
        expect(new Uint8Array(await heard)).to.deep.equal(new Uint8Array(group))
      })

      it('answers reads with a height that grows', async () => {
        const { evidence: first } = await t.anchor.submit(context, creation(), a)
        const { evidence: second } = await t.anchor.submit(group, add(b), a)
        expect(second.height > first.height).to.equal(true)
        const read = await t.anchor.readContext(context)
        expect(read?.evidence.finality).to.equal('final')
        expect((read?.evidence.height ?? 0n) >= second.height).to.equal(true)
      })
    })

    it('[71] has no other door: what is unknown to the operation table is malformed', async () => {
      await row1()
      const { envelope } = await signed(a, { kind: 'leave' })
      for (const ordinal of [7, 8, 16, 255]) {
        const bytes = Uint8Array.from(envelope)
        bytes[bytes.length - 1] = ordinal
        expect(await send({ envelope: bytes, signature: new Uint8Array(64) })).to.equal('Malformed')
      }
    })
  })
}
