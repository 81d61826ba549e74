/** Rows about the envelopes of the package registry: signatures, nonces, domains, time, and that it is a contract of its own. */
import { expect } from 'chai'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { derivePackageId } from '../../../src/node/anchor/packages/envelope.ts'
import { refusalOf } from '../anchor-support.ts'
import type { AnchorBench } from '../anchor-bench.ts'
import {
  accepting,
  creationOf,
  owning,
  type PackageBench,
  publishing,
  yanking,
} from '../package-support.ts'

/** Operations on a package that exists. */
const CHANGES = [publishing('1.0.0'), yanking('1.0.0')]

/** Registers the tests on a contract. */
export function packageByteRows(t: AnchorBench, p: PackageBench): void {
  const { a, b, x, now } = t
  const { id, create, submit, admit, outcome, record, signed, send } = p

  describe('signed bytes', () => {
    beforeEach(() => create())

    it('[12] [13] counts one nonce per signer, whatever the package', async () => {
      const gap = await p.door.submit(await signed(publishing('1.0.0'), { nonce: 2n }))
      expect(gap).to.deep.include({
        accepted: false,
        refusal: { name: 'BadNonce', number: 12, expected: 1n },
      })
      const name = 'org.example.other'
      const subject = derivePackageId(a.publicKey, name)
      const message = await signed(creationOf(name), { subject, nonce: 1n })
      expect(await send(message)).to.equal('accepted')
      expect(await send(message)).to.equal('PackageExists')
      const release = await signed(publishing('1.0.0'), { nonce: 2n })
      expect(await send(release)).to.equal('accepted')
      expect(await send(release)).to.equal('BadNonce')
      expect(await send(await signed(creationOf(), { nonce: 3n }))).to.equal('PackageExists')
      expect(await outcome(publishing('1.0.1'))).to.equal('accepted')
    })

    it('refuses without effect, the nonce included', async () => {
      expect(await send(await signed(owning('removeOwner', a), { nonce: 1n }))).to.equal(
        'LastOwner',
      )
      expect(await send(await signed(yanking('1.0.0'), { nonce: 1n }))).to.equal('ReleaseNotFound')
      expect(await send(await signed(publishing('1.0.0'), { nonce: 1n }))).to.equal('accepted')
      expect((await record()).revision).to.equal(2n)
    })

    it('[14] applies one of two that race with one nonce', async () => {
      const messages = [
        await signed(publishing('1.0.0'), { nonce: 1n }),
        await signed(publishing('1.0.1'), { nonce: 1n }),
      ]
      const outcomes = await Promise.all(messages.map(send))
      expect(outcomes.sort()).to.deep.equal(['BadNonce', 'accepted'])
    })

    it('[25] keeps the nonce of an owner that goes and returns', async () => {
      await admit(b)
      await submit(publishing('1.0.0'), b)
      const old = await signed(publishing('1.1.0'), { nonce: 1n }, b)
      const unsent = await signed(publishing('1.2.0'), { nonce: 2n }, b)
      await submit(owning('removeOwner', b))
      expect(await send(unsent)).to.equal('Unauthorized')
      await admit(b)
      for (const message of [old, unsent]) expect(await send(message)).to.equal('BadNonce')
    })

    it('[5] [15] takes the signed bytes from anybody, and nothing else', async () => {
      const message = await signed(publishing('1.0.0'), { nonce: 1n })
      const flipped = Uint8Array.from(message.signature)
      flipped[3] = (flipped[3] ?? 0) ^ 4
      expect(await send({ ...message, signature: flipped })).to.equal('BadSignature')
      const foreign = await signed(publishing('1.0.0'), { nonce: 1n }, a, b)
      expect(await send(foreign)).to.equal('BadSignature')
      const other = await signed(publishing('1.0.1'), { nonce: 1n })
      expect(await send({ ...message, signature: other.signature })).to.equal('BadSignature')
      const short = { ...message, signature: message.signature.subarray(1) }
      expect(await send(short)).to.equal('BadSignature')
      expect(await send(message)).to.equal('accepted')
    })

    it('[16] refuses a trailing byte and an envelope that is too long', async () => {
      const unsigned = (envelope: Uint8Array): SignedEnvelope => ({
        envelope,
        signature: new Uint8Array(64),
      })
      for (const operation of [creationOf(), ...CHANGES, owning('addOwner', b), accepting()]) {
        const { envelope } = await signed(operation, { nonce: 1n })
        expect(await send(unsigned(Uint8Array.of(...envelope, 0)))).to.equal('Malformed')
        expect(await send(unsigned(envelope.subarray(1)))).to.equal('Malformed')
        expect(await send(unsigned(envelope.subarray(0, -1)))).to.equal('Malformed')
      }
      expect(await send(unsigned(new Uint8Array(8193)))).to.equal('LimitExceeded')
      expect(await send(unsigned(new Uint8Array(8192)))).to.equal('Malformed')
    })

    it('[17] [18] refuses what was signed for another contract or network', async () => {
      const domain = await p.door.readDomain()
      for (const other of [
        t.domain,
        { ...domain, network: new Uint8Array(32) },
        { ...domain, contract: Uint8Array.of(...domain.contract, 1) },
        { ...domain, chain: domain.chain + 1 },
      ]) {
        const message = await signed(publishing('1.0.0'), { nonce: 1n, domain: other })
        expect(await send(message)).to.equal('WrongDomain')
      }
    })

    it('[19] takes an envelope in its last second, and as long as a day ahead', async () => {
      const start = now() + 100n
      let nonce = 1n
      for (const [second, ahead, expected] of [
        [start, 0n, 'accepted'],
        [start + 10n, -1n, 'Expired'],
        [start + 20n, 24n * 3600n, 'accepted'],
        [start + 30n, 24n * 3600n + 1n, 'Expired'],
      ] as const) {
        const validUntil = second + ahead
        const message = await signed(publishing(`1.${nonce}.0`), { nonce, validUntil })
        await t.harness.clock.at(second)
        expect(await send(message), `${ahead} s ahead`).to.equal(expected)
        if (expected === 'accepted') nonce++
      }
    })

    it('knows no revisions of members and applications', async () => {
      for (const revision of [{ ifMembersRevision: 1n }, { ifApplicationRevision: 1n }]) {
        const message = await signed(publishing('1.0.0'), { nonce: 1n, ...revision })
        expect(await send(message)).to.equal('RevisionMismatch')
      }
    })

    it('names the first check that fails', async () => {
      const wrong = { nonce: 7n, validUntil: 0n, domain: t.domain, ifMembersRevision: 9n }
      const operation = publishing('0.0.1')
      const unknown = derivePackageId(x.publicKey, 'a.b')
      expect(await send(await signed(publishing('x'), wrong, x, b))).to.equal('Malformed')
      expect(await send(await signed(operation, wrong, x, b))).to.equal('WrongDomain')
      const { domain: _, ...late } = { ...wrong, subject: unknown }
      expect(await send(await signed(operation, late, x, b))).to.equal('Expired')
      const { validUntil: __, ...lost } = late
      expect(await send(await signed(operation, lost, x, b))).to.equal('PackageNotFound')
      const unsigned = { ...lost, subject: id }
      expect(await send(await signed(operation, unsigned, x, b))).to.equal('BadSignature')
      expect(await send(await signed(operation, unsigned, x))).to.equal('BadNonce')
      expect(await send(await signed(operation, { ...unsigned, nonce: 0n }, x))).to.equal(
        'Unauthorized',
      )
      expect(await send(await signed(yanking('1.0.0'), { ...unsigned, nonce: 1n }))).to.equal(
        'RevisionMismatch',
      )
    })

    it('[71] takes no operation of the other contract, nor one that is unknown', async () => {
      const domain = await p.door.readDomain()
      const context = await t.signed(a, { kind: 'leave' }, { nonce: 0n, domain })
      expect(await send(context)).to.equal('Malformed')
      const own = await signed(owning('addOwner', b), { nonce: 1n, domain: t.domain })
      expect(await t.send(own)).to.equal('Malformed')
      const { envelope } = await signed(owning('addOwner', b), { nonce: 1n })
      const at = envelope.length - 33
      expect(envelope[at]).to.equal(19)
      for (const ordinal of [0, 6, 12, 15, 22, 255]) {
        const bytes = Uint8Array.from(envelope)
        bytes[at] = ordinal
        const message = { envelope: bytes, signature: new Uint8Array(64) }
        expect(await send(message), String(ordinal)).to.equal('Malformed')
      }
    })

    it('[80] applies what one signer queues, in order', async () => {
      const versions = Array.from({ length: 20 }, (_, index) => `1.0.${index}`)
      await Promise.all(versions.map((version) => submit(publishing(version))))
      const { items } = await p.page(0, 32)
      expect(items.map(({ version }) => version)).to.deep.equal(versions.toReversed())
    })

    it('signs anew when another anchor used the nonce', async () => {
      const second = (await t.harness.anchor()).packages
      if (second === undefined) throw new RangeError('expected a registry')
      const outcomes = await Promise.all(
        Array.from({ length: 6 }, (_, major) =>
          refusalOf(
            (major % 2 === 0 ? p.registry : second).submit(id, publishing(`${major}.0.0`), a),
          ),
        ),
      )
      const accepted = outcomes.filter((result) => result === 'accepted').length
      expect((await record()).releaseCount).to.equal(accepted)
      expect(accepted).to.be.greaterThan(2)
    })
  })
}
