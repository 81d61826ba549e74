/** Making a delta of one's own: header, id, signature and sealed body from what a guest call left behind. */
import {
  DELTA_KIND,
  DELTA_VERSION,
  type DeltaHeader,
  type DeltaPayload,
  deltaId,
  envelopeCodec,
  MAX_PARENTS,
  MAX_PAYLOAD_BYTES,
  payloadCodec,
  signedBytes,
} from '../../codec/delta.ts'
import { compareBytes } from '../../primitives/bytes.ts'
import { NONCE_BYTES, seal } from '../../crypto/seal.ts'
import type { SigningKey } from '../../crypto/sign.ts'
import type { Random } from '../../primitives/clock.ts'
import { sha256 } from '../../primitives/hash.ts'
import { type ContextId, DeltaId, idKey, ZERO_ID } from '../../primitives/ids.ts'
import { contextError } from '../errors.ts'
import type { AuthorRow } from '../../store/repositories/deltas.ts'
import type { Keyring } from '../groups/keyring.ts'
import type { Candidate } from './verify.ts'

export interface Draft {
  readonly context: ContextId
  readonly author: SigningKey
  readonly keyring: Keyring
  /** The membersRevision that the key it is sealed under must cover. */
  readonly sealFrom: bigint
  readonly membersRevision: bigint
  /** 24 bytes, above every parent's. */
  readonly hlc: Uint8Array
  /** Heads at the time of writing; empty for the first delta of a context. */
  readonly heads: readonly DeltaId[]
  /** How far the author's own deltas are applied. */
  readonly own: Pick<AuthorRow, 'height' | 'last'>
  readonly payload: DeltaPayload
  readonly kind?: keyof typeof DELTA_KIND
}

/** Signs and seals a delta. @throws CALL_TOO_LARGE when the payload is over the limit of a delta */
export function makeDelta(draft: Draft, random: Random): Candidate {
  const { context, author, keyring, payload } = draft
  const sealing = keyring.sealing(context, author.publicKey, draft.sealFrom)
  if (sealing === undefined) {
    throw contextError('CONTEXT_UNINITIALIZED', 'no key of the context has arrived yet')
  }
  const { epoch, key } = sealing
  const plain = encodePayload(payload)
  const parents = parentsOf(draft)
  const header: DeltaHeader = {
    version: DELTA_VERSION,
    context,
    author: author.publicKey,
    sequence: draft.own.height + 1n,
    member: author.publicKey,
    authority: undefined,
    epoch,
    membersRevision: draft.membersRevision,
    hlc: draft.hlc,
    parents: [...parents],
    kind: DELTA_KIND[draft.kind ?? 'state'],
    payloadLength: plain.length,
    payloadHash: sha256(plain),
  }
  const id = deltaId(header)
  const nonce = random.bytes(NONCE_BYTES)
  const envelope = {
    header,
    signature: author.sign(signedBytes(id)),
    nonce,
    sealedEpoch: epoch,
    sealed: seal(key, nonce, id, plain),
  }
  return {
    id,
    envelope,
    header,
    parents,
    member: author.publicKey,
    bytes: envelopeCodec.encode(envelope),
    announced: false,
  }
}

/** The heads, ascending. What is too many stays a head and is joined by the next delta, but the author's own last one is always below its next. */
function parentsOf({ heads, own }: Draft): readonly DeltaId[] {
  if (heads.length === 0) return [DeltaId.from(ZERO_ID)]
  const first = heads.slice(0, MAX_PARENTS)
  const last = idKey(own.last)
  if (heads.length <= MAX_PARENTS || own.height === 0n || first.some((id) => idKey(id) === last)) {
    return first
  }
  return [...first.slice(1), DeltaId.from(own.last)].sort(compareBytes)
}

function encodePayload(payload: DeltaPayload): Uint8Array {
  const bytes = payloadCodec.encode(payload)
  // the decoder's bound is the one every receiver applies
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw contextError(
      'CALL_TOO_LARGE',
      `the call changed ${bytes.length} bytes, at most ${MAX_PAYLOAD_BYTES} fit a delta`,
      { max: MAX_PAYLOAD_BYTES, got: bytes.length },
    )
  }
  return bytes
}
