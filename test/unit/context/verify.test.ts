import { expect } from 'chai'
import type { Role } from '../../../src/node/anchor/anchor.ts'
import {
  DELTA_KIND,
  type DeltaHeader,
  envelopeCodec,
  eventsCodec,
  MAX_PARENTS,
  MAX_PAYLOAD_BYTES,
} from '../../../src/node/codec/delta.ts'
import {
  checkAfterParents,
  checkSignature,
  decodeCandidate,
  holdReason,
  openPayload,
  type VerifyView,
} from '../../../src/node/context/replica/verify.ts'
import { compareBytes, EMPTY, fromUtf8, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import { HLC_MAX_AHEAD_MS } from '../../../src/node/primitives/hlc.ts'
import { ContextId, idKey, ZERO_ID } from '../../../src/node/primitives/ids.ts'
import {
  bytesOf,
  CONTEXT,
  craftDelta,
  type Crafted,
  keyOf,
  stamp,
} from '../../support/craft-delta.ts'
import { thrownCode } from '../../support/error-code.ts'
import { START_MS } from '../../support/hand-clock.ts'
import { testKeyring } from '../../support/replica-kit.ts'

const alice = keyOf('alice')
const bob = keyOf('bob')
const keyring = testKeyring([0, 1])
const parent = bytesOf('parent')
const genuine = craftDelta({ author: alice, keyring, item: 'genuine', parents: [parent], step: 1 })

/** What the whole door says: a code, a reason to wait, or `accepted`. */
function verdict(
  bytes: Uint8Array,
  over: Partial<VerifyView> = {},
  hlcs: Uint8Array[] = [],
): string {
  const view: VerifyView = {
    context: CONTEXT,
    keyring,
    roleOf: (member): Role | undefined =>
      idKey(member) === idKey(alice.publicKey) ? 'writer' : undefined,
    isEndorsed: () => false,
    latestNs: () => BigInt(START_MS) * 1_000_000n,
    ...over,
  }
  let reason: string | undefined
  const code = thrownCode(() => {
    const candidate = decodeCandidate(CONTEXT, bytes)
    checkSignature(candidate)
    reason = holdReason(candidate, view)
    if (reason !== undefined) return
    checkAfterParents(candidate, hlcs)
    eventsCodec.decode(openPayload(candidate, keyring).events)
  })
  return code === 'none' ? (reason ?? 'accepted') : code
}

function altered(delta: Crafted, header: Partial<DeltaHeader>): Uint8Array {
  return envelopeCodec.encode({
    ...delta.envelope,
    header: { ...delta.envelope.header, ...header },
  })
}

describe('verification of a delta', () => {
  it('accepts a genuine one and reads its payload', () => {
    expect(verdict(genuine.bytes)).to.equal('accepted')
    const candidate = decodeCandidate(CONTEXT, genuine.bytes)
    expect(fromUtf8(openPayload(candidate, keyring).appPayload)).to.equal('genuine')
    expect(toHex(candidate.id)).to.equal(toHex(genuine.id))
  })

  it('rejects a member that signs as another', () => {
    const forged = craftDelta({ author: alice, keyring, parents: [parent], signer: bob })
    expect(verdict(forged.bytes)).to.equal('DELTA_INVALID')
  })

  describe('rejects every altered header field', () => {
    const { header } = genuine.envelope
    const fields: { readonly [K in keyof Required<DeltaHeader>]: DeltaHeader[K] } = {
      version: 3,
      sequence: 2n,
      context: bytesOf('another context'),
      author: bob.publicKey,
      member: bob.publicKey,
      authority: bytesOf('authority'),
      epoch: 1,
      membersRevision: 9n,
      hlc: stamp(2, alice),
      parents: [bytesOf('another parent')],
      kind: DELTA_KIND.merge,
      payloadLength: header.payloadLength - 1,
      payloadHash: bytesOf('another payload'),
    }
    for (const [field, value] of Object.entries(fields)) {
      it(field, () => {
        expect(verdict(altered(genuine, { [field]: value }))).to.equal('DELTA_INVALID')
      })
    }
  })

  it('rejects a number 0: every node counts from 1', () => {
    const zeroth = craftDelta({ author: alice, keyring, parents: [parent], sequence: 0 })
    expect(verdict(zeroth.bytes)).to.equal('DELTA_INVALID')
  })

  it('rejects a signature used again with other parents', () => {
    const other = craftDelta({
      author: alice,
      keyring,
      item: 'genuine',
      parents: [bytesOf('p2')],
      step: 1,
    })
    const { signature } = genuine.envelope
    expect(verdict(envelopeCodec.encode({ ...other.envelope, signature }))).to.equal(
      'DELTA_INVALID',
    )
  })

  it('does not take altered nonce, body, body length and key epoch', () => {
    const { sealed } = genuine.envelope
    const flipped = sealed.slice()
    flipped[3] = (flipped[3] ?? 0) ^ 1
    for (const over of [
      { sealed: sealed.subarray(1) },
      { sealed: new Uint8Array([...sealed, 0]) },
    ]) {
      expect(verdict(envelopeCodec.encode({ ...genuine.envelope, ...over }))).to.equal(
        'DELTA_INVALID',
      )
    }
    // no proof: another member may have made the epoch too, with another key
    for (const over of [{ nonce: new Uint8Array(12) }, { sealed: flipped }, { sealedEpoch: 1 }]) {
      expect(verdict(envelopeCodec.encode({ ...genuine.envelope, ...over }))).to.equal(
        'DELTA_SEALED',
      )
    }
  })

  it('does not open a body sealed for another author, context or delta', () => {
    const byBob = craftDelta({ author: bob, keyring, item: 'genuine', parents: [parent], step: 1 })
    const later = craftDelta({
      author: alice,
      keyring,
      item: 'genuine',
      parents: [parent],
      step: 2,
    })
    for (const { envelope } of [byBob, later]) {
      const { nonce, sealed } = envelope
      expect(verdict(envelopeCodec.encode({ ...genuine.envelope, nonce, sealed }))).to.equal(
        'DELTA_SEALED',
      )
    }
    expect(thrownCode(() => decodeCandidate(ContextId.from(bytesOf('x')), genuine.bytes))).to.equal(
      'DELTA_INVALID',
    )
  })

  it('accepts a body sealed again under another epoch', () => {
    const again = craftDelta({
      author: alice,
      keyring,
      item: 'genuine',
      parents: [parent],
      step: 1,
      epoch: 1,
    })
    const { nonce, sealed } = again.envelope
    // the header names epoch 0; who serves it says under which epoch the body lies
    const candidate = craftDelta({
      author: alice,
      keyring,
      item: 'genuine',
      parents: [parent],
      step: 1,
      epoch: 1,
      header: { epoch: 0 },
    })
    expect(toHex(candidate.id)).to.equal(toHex(genuine.id))
    expect(verdict(candidate.bytes)).to.equal('accepted')
    expect(
      verdict(envelopeCodec.encode({ ...genuine.envelope, nonce, sealed, sealedEpoch: 1 })),
    ).to.equal(
      'DELTA_SEALED', // its id is another's
    )
  })

  describe('rejects parents that are none', () => {
    const many = Array.from({ length: MAX_PARENTS }, (_, i) => bytesOf(`p${i}`)).sort(compareBytes)
    const [low, high] = [bytesOf('a'), bytesOf('b')].sort(compareBytes) as [Uint8Array, Uint8Array] // two
    const cases: [string, Uint8Array[]][] = [
      ['empty', []],
      ['unsorted', [high, low]],
      ['twice the same', [low, low]],
      ['zero with others', [ZERO_ID, low]],
    ]
    for (const [name, parents] of cases) {
      it(name, () => {
        expect(verdict(craftDelta({ author: alice, keyring, parents }).bytes)).to.equal(
          'DELTA_INVALID',
        )
      })
    }
    it('one too many', () => {
      const most = craftDelta({ author: alice, keyring, parents: many })
      expect(verdict(most.bytes)).to.equal('accepted')
      expect(
        thrownCode(() => craftDelta({ author: alice, keyring, parents: [...many, low] })),
      ).to.equal('CODEC_ENCODE')
    })
  })

  it('rejects a payload that the header does not name, though the key opens it', () => {
    for (const header of [{ payloadHash: bytesOf('other') }]) {
      const lie = craftDelta({ author: alice, keyring, parents: [parent], header })
      expect(verdict(lie.bytes)).to.equal('DELTA_INVALID')
    }
  })

  it('rejects a payload length over the limit before anything is opened', () => {
    const header = { payloadLength: MAX_PAYLOAD_BYTES + 1 }
    const big = craftDelta({ author: alice, keyring, parents: [parent], header })
    expect(verdict(big.bytes)).to.equal('DELTA_INVALID')
    const bare = envelopeCodec.encode({ ...big.envelope, sealed: EMPTY })
    expect(thrownCode(() => decodeCandidate(CONTEXT, bare))).to.equal('DELTA_INVALID')
  })

  it('rejects events that do not decode', () => {
    const payload = { events: utf8('no events') }
    const bad = craftDelta({ author: alice, keyring, parents: [parent], payload })
    expect(verdict(bad.bytes)).to.equal('CODEC_MALFORMED')
  })

  it('rejects a timestamp that is not after every parent’s', () => {
    const own = genuine.envelope.header.hlc
    const before = stamp(0.5, alice)
    expect(verdict(genuine.bytes, {}, [before])).to.equal('accepted')
    expect(verdict(genuine.bytes, {}, [before, own])).to.equal('DELTA_INVALID')
    expect(verdict(genuine.bytes, {}, [stamp(2, alice), before])).to.equal('DELTA_INVALID')
  })

  describe('lets wait what others may judge differently', () => {
    const of = (header: Partial<DeltaHeader>): Uint8Array =>
      craftDelta({ author: alice, keyring, parents: [parent], header }).bytes
    const cases: [string, string, Uint8Array, Partial<VerifyView>][] = [
      ['a later version', 'unknown', of({ version: 3 }), {}],
      ['a kind we do not know', 'unknown', of({ kind: 3 }), {}],
      ['an authority', 'unknown', of({ authority: bytesOf('grant') }), {}],
      ['a device of a member', 'unknown', of({ member: bob.publicKey }), {}],
      ['a time ahead of ours', 'future', of({ hlc: stamp(HLC_MAX_AHEAD_MS + 1, alice) }), {}],
      ['a non-member', 'member', genuine.bytes, { roleOf: () => undefined }],
      ['a reader', 'member', genuine.bytes, { roleOf: () => 'reader' }],
      ['a relay', 'member', genuine.bytes, { roleOf: () => 'relay' }],
      ['a key we lack', 'key', genuine.bytes, { keyring: testKeyring([5]) }],
      [
        'nothing, when endorsed',
        'accepted',
        genuine.bytes,
        { roleOf: () => undefined, isEndorsed: () => true },
      ],
    ]
    for (const [name, reason, bytes, view] of cases) {
      it(`${name}: ${reason}`, () => expect(verdict(bytes, view)).to.equal(reason))
    }
  })

  it('sees an announcement by its missing body', () => {
    const bare = envelopeCodec.encode({ ...genuine.envelope, sealed: EMPTY })
    const candidate = decodeCandidate(CONTEXT, bare)
    expect(candidate.announced).to.equal(true)
    checkSignature(candidate)
  })
})
