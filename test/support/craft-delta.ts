/** Deltas made by hand, field by field: what honest and dishonest nodes may send. */
import {
  DELTA_KIND,
  DELTA_VERSION,
  deltaId,
  type DeltaEnvelope,
  type DeltaHeader,
  type DeltaPayload,
  envelopeCodec,
  eventsCodec,
  payloadCodec,
  signedBytes,
} from '../../src/node/codec/delta.ts'
import { seal } from '../../src/node/crypto/seal.ts'
import { generateSigningKey, type SigningKey } from '../../src/node/crypto/sign.ts'
import type { Keyring } from '../../src/node/context/groups/keyring.ts'
import { utf8 } from '../../src/node/primitives/bytes.ts'
import { sha256 } from '../../src/node/primitives/hash.ts'
import { ntp64 } from '../../src/node/primitives/hlc.ts'
import { ContextId, type DeltaId, ZERO_ID } from '../../src/node/primitives/ids.ts'
import { START_MS } from './hand-clock.ts'
import { sealingKey } from './test-keyring.ts'

/** A key that follows from a name. */
export function keyOf(name: string): SigningKey {
  return generateSigningKey(sha256(utf8(`test key ${name}`)))
}

/** 32 bytes that follow from a name. */
export function bytesOf(name: string): Uint8Array {
  return new Uint8Array(sha256(utf8(`test bytes ${name}`)))
}

/** The context, and the application it runs, of all tests of this room. */
export const CONTEXT: ContextId = ContextId.from(bytesOf('context'))
export const APPLICATION: Uint8Array = bytesOf('application')

/** A timestamp `step` ms after {@link START_MS}. */
export function stamp(step: number, author: SigningKey): Uint8Array {
  const out = new Uint8Array(24)
  const ns = BigInt(START_MS) * 1_000_000n + BigInt(Math.round(step * 1e6))
  new DataView(out.buffer).setBigUint64(0, ntp64(ns), true)
  out.set(author.publicKey.subarray(0, 16), 8)
  return out
}

export interface Craft {
  readonly author: SigningKey
  readonly keyring: Keyring
  /** What it adds to the stub model's set. */
  readonly item?: string
  /** @default the zero id: a genesis */
  readonly parents?: readonly Uint8Array[]
  /** The author's number. @default 1 */
  readonly sequence?: number
  /** Milliseconds after {@link START_MS}. @default 0 */
  readonly step?: number
  /** @default 0 */
  readonly epoch?: number
  readonly payload?: Partial<DeltaPayload>
  /** Laid over the header before it is signed. */
  readonly header?: Partial<DeltaHeader>
  /** Laid over the envelope after it is signed. */
  readonly envelope?: Partial<DeltaEnvelope>
  /** Who signs. @default author */
  readonly signer?: SigningKey
}

export interface Crafted {
  readonly id: DeltaId
  readonly envelope: DeltaEnvelope
  readonly bytes: Uint8Array
}

export function craftDelta(craft: Craft): Crafted {
  const { author, keyring, item = 'item', epoch = 0 } = craft
  const plain = payloadCodec.encode({
    application: APPLICATION,
    appPayload: utf8(item),
    events: eventsCodec.encode([]),
    authorRoot: new Uint8Array(32),
    depth: 0,
    ...craft.payload,
  })
  const header: DeltaHeader = {
    version: DELTA_VERSION,
    context: CONTEXT,
    author: author.publicKey,
    sequence: BigInt(craft.sequence ?? 1),
    member: author.publicKey,
    authority: undefined,
    epoch,
    membersRevision: 1n,
    hlc: stamp(craft.step ?? 0, author),
    parents: [...(craft.parents ?? [ZERO_ID])],
    kind: DELTA_KIND.state,
    payloadLength: plain.length,
    payloadHash: sha256(plain),
    ...craft.header,
  }
  const id = deltaId(header)
  const nonce = new Uint8Array(sha256(id).subarray(0, 12))
  const key = sealingKey(keyring, header.context, header.author, epoch)
  const envelope: DeltaEnvelope = {
    header,
    signature: (craft.signer ?? author).sign(signedBytes(id)),
    nonce,
    sealedEpoch: epoch,
    sealed: seal(key, nonce, id, plain),
    ...craft.envelope,
  }
  return { id, envelope, bytes: envelopeCodec.encode(envelope) }
}
