/** Rows about envelopes: signatures, nonces, domains, time. */
import { expect } from 'chai'
import { ROLES, type Signer } from '../../../src/node/anchor/anchor.ts'
import type { SignedEnvelope } from '../../../src/node/anchor/service.ts'
import { firstNonce } from '../../../src/chains/local/model/groups/draft.ts'
import { APPROVERS, type Operation } from '../../../src/node/anchor/operations.ts'
import { decodeTicket } from '../../../src/node/anchor/ticket.ts'
import { concat, fromHex, toHex } from '../../../src/node/primitives/bytes.ts'
import { PublicKey } from '../../../src/node/primitives/ids.ts'
import { encode, P, pointOf, torsion } from '../../support/edwards25519.ts'
import { type AnchorBench, add, remove, crowd } from '../anchor-bench.ts'
import { application, contextOf, keysOf, memberKeys, refusalOf } from '../anchor-support.ts'

/** Order of the ed25519 base point. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

/** S + group order: the same point equation, another encoding. */
function withLargeS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`)
  const larger = Buffer.from((s + GROUP_ORDER).toString(16).padStart(64, '0'), 'hex').reverse()
  return new Uint8Array(Buffer.concat([signature.subarray(0, 32), larger]))
}

function keyOf({ publicKey }: Signer): PublicKey {
  return publicKey
}

/** Four bytes in hex, and what becomes of a text of them that nobody signed. */
const TEXTS: readonly (readonly [string, string])[] = [
  ...['c280dfbf', 'e0a08078', 'ed9fbf78', 'ee808078', 'efbfbf78', 'f0908080', 'f48fbfbf'].map(
    (good) => [good, 'BadSignature'] as const,
  ),
  // in more bytes than it takes
  ...['c0807878', 'c1bf7878', 'e09fbf78', 'f08fbfbf'].map((bad) => [bad, 'Malformed'] as const),
  // half of a pair, and beyond what there is
  ...['eda08078', 'edbfbf78', 'f4908080', 'f5808080'].map((bad) => [bad, 'Malformed'] as const),
  // alone, not continued, cut off
  ...['80787878', 'c3787878', 'e2827878', '787878c3', '7878e282', '78f09f98'].map(
    (bad) => [bad, 'Malformed'] as const,
  ),
]

/** Registers the tests on a contract. */
export function envelopeRows(t: AnchorBench): void {
  const {
    a,
    b,
    c,
    x,
    group,
    now,
    submit,
    outcome,
    member,
    membersRevision,
    nonceOf,
    signed,
    send,
    row1,
    row6,
  } = t
  describe('signed bytes', () => {
    it('[12] [13] takes the next nonce only, and names it', async () => {
      await row6()
      const nonce = await nonceOf(a)
      const gap = await t.harness.service.submit(await signed(a, add(c), { nonce: nonce + 1n }))
      expect(gap).to.deep.include({
        accepted: false,
        refusal: { name: 'BadNonce', number: 12, expected: nonce },
      })
      const message = await signed(a, add(c))
      expect(await send(message)).to.equal('accepted')
      expect(await send(message)).to.equal('BadNonce')
    })

    it('[14] applies one of two that race with one nonce', async () => {
      await row6()
      const messages = [await signed(a, add(c)), await signed(a, add(x))]
      const outcomes = await Promise.all(messages.map(send))
      expect(outcomes.sort()).to.deep.equal(['BadNonce', 'accepted'])
    })

    it('[15] refuses changed bytes and foreign signatures', async () => {
      await row6()
      const message = await signed(a, add(c))
      const flipped = Uint8Array.from(message.signature)
      flipped[3] = (flipped[3] ?? 0) ^ 4
      expect(await send({ ...message, signature: flipped })).to.equal('BadSignature')
      expect(await send(await signed(a, add(c), {}, b))).to.equal('BadSignature')
      const other = await signed(a, add(x))
      const mixed = { envelope: message.envelope, signature: other.signature }
      expect(await send(mixed)).to.equal('BadSignature')
      const short = { ...message, signature: message.signature.subarray(1) }
      expect(await send(short)).to.equal('BadSignature')
      const long = { ...message, signature: Uint8Array.of(...message.signature, 0) }
      // where accounts sign too, 65 bytes are an account's: who has none is told so
      expect(await send(long)).to.be.oneOf(['BadSignature', 'NotBound'])
    })

    it('[16] refuses a trailing byte and an envelope that is too long', async () => {
      await row6()
      const { envelope } = await signed(a, add(c))
      const resigned = (bytes: Uint8Array): SignedEnvelope => ({
        envelope: bytes,
        signature: new Uint8Array(64),
      })
      expect(await send(resigned(Uint8Array.of(...envelope, 0)))).to.equal('Malformed')
      expect(await send(resigned(envelope.subarray(1)))).to.equal('Malformed')
      expect(await send(resigned(new Uint8Array(8193)))).to.equal('LimitExceeded')
      expect(await send(resigned(new Uint8Array(8192)))).to.equal('Malformed')
    })

    it('refuses texts that are no UTF-8, and bytes that name nothing', async () => {
      await row6()
      const shape = async (bytes: Uint8Array): Promise<string> =>
        send({ envelope: bytes, signature: new Uint8Array(64) })
      // what comes behind the text begins with a byte that would continue one that is cut off
      const record = { ...application(2), source: 'text', metadata: new Uint8Array(0x80) }
      const { envelope } = await signed(a, { kind: 'updateApplication', application: record })
      const at = Buffer.from(envelope).lastIndexOf('text')
      for (const [source, expected] of TEXTS) {
        const bytes = Uint8Array.from(envelope)
        bytes.set(fromHex(source), at)
        expect(await shape(bytes), source).to.equal(expected)
      }
      // of another version
      expect(await shape(Uint8Array.of(2, ...envelope.subarray(1)))).to.equal('Malformed')
      const ticket = await t.anchor.createInvitation(group, { notAfter: now() + 600n }, a)
      const { terms, inviterSignature } = decodeTicket(ticket)
      const ids = [c.publicKey]
      const ends: readonly (readonly [Operation, back: number, first: number])[] = [
        [{ kind: 'addMembers', ids, role: 'relay' }, 1, ROLES.length],
        [{ kind: 'setRole', ids, role: 'relay' }, 1, ROLES.length],
        [{ kind: 'removeMembers', ids, mayReturn: true }, 1, 2],
        [{ kind: 'setOptions', options: { approvers: 'members' } }, 1, APPROVERS.length],
        // in front of what else the terms say, and the signature
        [{ kind: 'revokeInvitation', terms, inviterSignature }, 96, ROLES.length],
      ]
      for (const [operation, back, first] of ends) {
        const { envelope: whole } = await signed(a, operation)
        for (const byte of [first, 255]) {
          const bytes = Uint8Array.from(whole)
          bytes[bytes.length - back] = byte
          expect(await shape(bytes), `${operation.kind} ${byte}`).to.equal('Malformed')
        }
        expect(await shape(whole), operation.kind).to.equal('BadSignature')
      }
    })

    it('[17] [18] refuses what was signed for another contract or network', async () => {
      await row6()
      for (const other of [
        { ...t.domain, network: new Uint8Array(32) },
        { ...t.domain, contract: Uint8Array.of(...t.domain.contract, 1) },
        { ...t.domain, chain: t.domain.chain + 1 },
      ]) {
        expect(await send(await signed(a, add(c), { domain: other }))).to.equal('WrongDomain')
      }
    })

    it('[19] [20] takes an envelope in its last second, and as long as a day ahead', async () => {
      await row6()
      const start = now() + 100n
      for (const [second, ahead, expected] of [
        [start, 0n, 'accepted'],
        [start + 10n, -1n, 'Expired'],
        [start + 20n, 24n * 3600n, 'accepted'],
        [start + 30n, 24n * 3600n + 1n, 'Expired'],
        [start + 40n, -60n, 'Expired'],
      ] as const) {
        const message = await signed(a, add(c), { validUntil: second + ahead })
        expect(await t.sendAt(second, message), `${ahead} s ahead`).to.equal(expected)
      }
    })

    it('names the first check that fails', async () => {
      await row6()
      const elsewhere = { ...t.domain, network: new Uint8Array(32) }
      const all = { domain: elsewhere, validUntil: 0n, subject: contextOf(x), nonce: 7n }
      const wrong = { ...all, ifMembersRevision: 9n }
      const twice: Operation = { kind: 'addMembers', ids: [c, c].map(keyOf), role: 'writer' }
      expect(await send(await signed(b, twice, wrong, x))).to.equal('Malformed')
      expect(await send(await signed(b, add(c), wrong, x))).to.equal('WrongDomain')
      const { domain: _, ...late } = wrong
      expect(await send(await signed(b, add(c), late, x))).to.equal('Expired')
      const { validUntil: __, ...lost } = late
      expect(await send(await signed(b, add(c), lost, x))).to.equal('ContextNotFound')
      const { subject: ___, ...unsigned } = lost
      expect(await send(await signed(b, add(c), unsigned, x))).to.equal('BadSignature')
      expect(await send(await signed(x, add(c), unsigned))).to.equal('NotAMember')
      expect(await send(await signed(b, add(c), unsigned))).to.equal('BadNonce')
      const { nonce: ____, ...seen } = unsigned
      expect(await send(await signed(b, add(c), seen))).to.equal('Unauthorized')
      expect(await send(await signed(a, add(c), seen))).to.equal('RevisionMismatch')
    })

    it('[21] refuses every weak key, and what is no point', async () => {
      await row1()
      const ys = [...torsion().map(({ y }) => y), P, P + 1n, 2n ** 255n - 1n]
      let [y, ghosts] = [2n, 0]
      for (; ghosts < 3; y++) {
        if (pointOf(y) !== undefined) continue
        ys.push(y)
        ghosts++
      }
      const keys = new Map(
        ys.flatMap((at) => [encode(at), encode(at, 1)]).map((key) => [toHex(key), key]),
      )
      for (const key of keys.values()) {
        const weak: Signer = { publicKey: PublicKey.from(key), sign: () => new Uint8Array(64) }
        // the key itself is a signature of every message, for a verifier that takes it: R the key, S = 0
        const message = await signed(weak, add(c), { nonce: 0n })
        const signature = concat(key, new Uint8Array(32))
        expect(await send({ ...message, signature }), toHex(key)).to.equal('WeakKey')
        expect(await send(await signed(a, add(weak))), toHex(key)).to.equal('WeakKey')
      }
      expect(await memberKeys(t.anchor, group)).to.deep.equal(keysOf(a))
    })

    it('[22] refuses a signature whose S is not below the group order', async () => {
      await row6()
      const message = await signed(a, add(c))
      const signature = withLargeS(message.signature)
      expect(await send({ ...message, signature })).to.equal('BadSignature')
    })

    it('[52] voids earlier envelopes by a higher nonce', async () => {
      await row6()
      const old = await signed(a, add(c))
      const before = await nonceOf(a)
      await submit(group, { kind: 'bumpNonce', to: before + 10n }, a)
      expect(await nonceOf(a)).to.equal(before + 10n)
      expect(await send(old)).to.equal('BadNonce')
      expect(await outcome({ kind: 'bumpNonce', to: before }, a)).to.equal('BadNonce')
    })

    it('keeps a raised nonce below those of a later membership', async () => {
      await row6()
      const limit = firstNonce((await membersRevision()) + 1n)
      const to = (nonce: bigint): Operation => ({ kind: 'bumpNonce', to: nonce })
      expect(await outcome(to(limit + 1n), b)).to.equal('LimitExceeded')
      expect(await outcome(to(limit), b)).to.equal('accepted')
      await submit(group, remove(b), a)
      await submit(group, add(b), a)
      expect((await nonceOf(b)) > limit).to.equal(true)
    })

    it('[80] applies what one signer queues, in order', async () => {
      await row1()
      const people = crowd(20)
      await Promise.all(people.map((who) => submit(group, add(who), a)))
      expect(await membersRevision()).to.equal(21n)
      for (const [index, who] of people.entries()) {
        expect(await member(who)).to.include({ joinedRevision: BigInt(index) + 2n })
      }
    })

    it('signs anew when another t.anchor used the nonce', async () => {
      await row1()
      const second = await t.harness.anchor()
      const people = crowd(8)
      const outcomes = await Promise.all(
        people.map((who, index) =>
          refusalOf((index % 2 === 0 ? t.anchor : second).submit(group, add(who), a)),
        ),
      )
      const accepted = outcomes.filter((result) => result === 'accepted').length
      expect(await membersRevision()).to.equal(BigInt(accepted) + 1n)
      expect(accepted).to.be.greaterThan(3)
    })
  })
}
