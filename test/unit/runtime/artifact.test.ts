import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { expect } from 'chai'
import { equalBytes, fromHex, toHex, utf8 } from '../../../src/node/primitives/bytes.ts'
import {
  type Action,
  layoutOf,
  LAYOUTS,
  type Metadata,
} from '../../../src/node/runtime/artifact/layout.ts'
import {
  actionDigest,
  isUnsigned,
  looksUnsigned,
  signArtifact,
} from '../../../src/node/runtime/artifact/signing.ts'
import { MAX_ACTIONS } from '../../../src/node/runtime/limits.ts'
import { thrownCode } from '../../support/error-code.ts'
import { loadKv, Replica, scripted, sha256 } from '../../support/guest.ts'

const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const PUBLIC = Uint8Array.of(0)

/** `01 owner 01 64 zeros nonce`, and no signer in E5. */
function userOwned(owner: Uint8Array, nonce: number, isE5 = false): Uint8Array {
  return Uint8Array.from([
    1,
    ...owner,
    1,
    ...new Uint8Array(64),
    nonce,
    ...new Uint8Array(7),
    ...(isE5 ? [0] : []),
  ])
}

function metadata(
  created: bigint,
  updated: bigint,
  storage: Uint8Array,
  rest = new Uint8Array(0),
): Metadata {
  return { createdAt: created, updatedAt: updated, storage, rest }
}

const UPDATE: Action = {
  kind: 'update',
  id: fill(1),
  data: utf8('hi'),
  ancestors: [{ id: fill(3), hash: fill(4), metadata: metadata(5n, 6n, PUBLIC) }],
  metadata: metadata(1n, 2n, userOwned(fill(2), 2)),
}
const REMOVAL: Action = {
  kind: 'remove',
  id: fill(1),
  deletedAt: 9n,
  metadata: metadata(1n, 2n, userOwned(fill(2), 9)),
}

describe('artefacts', () => {
  it('have the signing payloads of the specification', () => {
    // read off a call of the bundled kv-store
    expect(toHex(actionDigest('E3', UPDATE))).to.equal(
      '7d7f5e4944ab168698d07e08d71a4116589a126e33dd7f1b7d61128b5bf0d1fe',
    )
    expect(toHex(actionDigest('E3', REMOVAL))).to.equal(
      '2a431cfe045ddc4e15f9540f044adf59ff74a3cfd24edd9248b382c99a525980',
    )
  })

  it('have the layout of the specification in E3', () => {
    const bytes = LAYOUTS.E3.encodeArtifact([UPDATE, REMOVAL])
    const child = '03'.repeat(32) + '04'.repeat(32) + '0500000000000000' + '0600000000000000' + '00'
    const owned = (nonce: string): string =>
      '0100000000000000' +
      '0200000000000000' +
      '01' +
      '02'.repeat(32) +
      '01' +
      '00'.repeat(64) +
      nonce +
      '00'.repeat(7)
    expect(toHex(bytes)).to.equal(
      '00' +
        '02000000' +
        ('03' + '01'.repeat(32) + '02000000' + '6869' + '01000000' + child + owned('02')) +
        ('02' + '01'.repeat(32) + '0900000000000000' + owned('09')),
    )
    expect(LAYOUTS.E3.decodeArtifact(bytes)).to.deep.equal([UPDATE, REMOVAL])
  })

  it('and index records of the example app decode, and encode to the same bytes', async () => {
    const script = scripted()
    const replica = new Replica({ module: await loadKv(), name: 'a', wallNs: () => 0n, ...script })
    const layout = layoutOf('E5b')
    if (layout === undefined) throw new TypeError('E5b has a layout')
    const calls = ['init', 'set', 'push', 'incr', 'remove', 'set', 'clear'] as const
    calls.forEach((method, n) => {
      script.next(n)
      const { artifact } = replica.call(
        method,
        method === 'set'
          ? { key: 'a', value: 'b' }
          : method === 'push'
            ? { value: 'v' }
            : method === 'remove'
              ? { key: 'a' }
              : {},
      )
      expect(toHex(layout.encodeArtifact(layout.decodeArtifact(artifact)))).to.equal(
        toHex(artifact),
      )
      for (const other of [LAYOUTS.E3, LAYOUTS.E4]) {
        expect(thrownCode(() => other.decodeArtifact(artifact))).to.equal(
          'RUNTIME_ARTIFACT_INVALID',
        )
      }
    })
    let records = 0
    for (const [key, value] of replica.rows.shared) {
      let record
      try {
        record = layout.decodeIndex(value)
      } catch {
        continue // an entry
      }
      records++
      expect(toHex(sha256(Uint8Array.of(0), record.id))).to.equal(key)
      expect(toHex(layout.encodeIndex(record))).to.equal(toHex(value))
    }
    expect(records).to.be.greaterThan(5)
  })

  it('with bytes left over, cut short, or of unknown kinds are refused', () => {
    const bytes = LAYOUTS.E3.encodeArtifact([UPDATE])
    const compare = Uint8Array.from([0, 1, 0, 0, 0, 1, ...fill(1)])
    const wrong = [
      bytes.subarray(0, -1),
      Uint8Array.from([...bytes, 0]),
      new Uint8Array(0),
      Uint8Array.of(1, 0, 0, 0, 0),
      compare,
    ]
    for (const one of wrong) {
      expect(thrownCode(() => LAYOUTS.E3.decodeArtifact(one))).to.equal('RUNTIME_ARTIFACT_INVALID')
    }
  })

  it('hold as many actions as allowed, and not one more', () => {
    const many = (count: number): Uint8Array =>
      LAYOUTS.E3.encodeArtifact(
        Array.from({ length: count }, () => ({ ...REMOVAL, metadata: metadata(1n, 2n, PUBLIC) })),
      )
    expect(LAYOUTS.E3.decodeArtifact(many(MAX_ACTIONS))).to.have.length(MAX_ACTIONS)
    expect(thrownCode(() => LAYOUTS.E3.decodeArtifact(many(MAX_ACTIONS + 1)))).to.equal(
      'RUNTIME_ARTIFACT_INVALID',
    )
  })

  it('claim no more items than there are bytes', () => {
    const huge = Uint8Array.of(0, 255, 255, 255, 255)
    expect(thrownCode(() => LAYOUTS.E5.decodeArtifact(huge))).to.equal('RUNTIME_ARTIFACT_INVALID')
  })

  for (const name of ['E3', 'E4', 'E5'] as const) {
    it(`are signed for their owner only in ${name}`, () => {
      const pair = generateKeyPairSync('ed25519')
      const owner = new Uint8Array(
        Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
      )
      const rest = new Uint8Array({ E3: 0, E4: 2, E5: 3 }[name])
      const isE5 = name === 'E5'
      const mine: Action = {
        ...UPDATE,
        ancestors: [],
        metadata: metadata(1n, 77n, userOwned(owner, 0, isE5), rest),
      }
      const foreign: Action = {
        ...UPDATE,
        ancestors: [],
        metadata: metadata(1n, 2n, userOwned(fill(2), 0, isE5), rest),
      }
      const plain: Action = { ...UPDATE, ancestors: [], metadata: metadata(1n, 2n, PUBLIC, rest) }
      const artifact = LAYOUTS[name].encodeArtifact([mine, foreign, plain])
      expect([mine, foreign, plain].map((action) => isUnsigned(action, owner))).to.deep.equal([
        true,
        false,
        false,
      ])
      expect(looksUnsigned(artifact, owner)).to.equal(true)
      const signed = signArtifact(artifact, owner, (digest) => sign(null, digest, pair.privateKey))
      const [first, second, third] = LAYOUTS[name].decodeArtifact(signed) as [
        Action,
        Action,
        Action,
      ] // three went in
      expect([second, third]).to.deep.equal([foreign, plain])
      const storage = first.metadata.storage
      expect(
        new DataView(storage.buffer, storage.byteOffset).getBigUint64(98, true),
        'nonce',
      ).to.equal(77n)
      expect(
        verify(null, actionDigest(name, first), pair.publicKey, storage.subarray(34, 98)),
      ).to.equal(true)
      expect(isUnsigned(first, owner)).to.equal(false)
      expect(looksUnsigned(signed, owner)).to.equal(false)
    })
  }

  it('have a digest in E5 that covers neither ancestors nor times', () => {
    const storage = userOwned(fill(2), 5, true)
    const digest = (
      created: bigint,
      ancestors: (Action & { kind: 'update' })['ancestors'],
    ): string =>
      toHex(
        actionDigest('E5', {
          kind: 'update',
          id: fill(1),
          data: utf8('hi'),
          ancestors,
          metadata: metadata(created, 2n, storage),
        }),
      )
    expect(digest(1n, [])).to.equal(
      digest(9n, [{ id: fill(3), hash: fill(4), metadata: metadata(5n, 6n, PUBLIC) }]),
    )
    const parts = [
      utf8('v2_upsert'),
      fill(1),
      utf8('hi'),
      Uint8Array.of(2),
      fill(2),
      Uint8Array.of(1, 5, 0, 0, 0, 0, 0, 0, 0),
    ]
    expect(equalBytes(fromHex(digest(1n, [])), sha256(...parts))).to.equal(true)
  })
})
