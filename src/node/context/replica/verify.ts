/**
 * `verifyDelta`: the one door for deltas, whatever path brought them. Checks run from cheap to dear. A fault that every
 * node would judge alike is DELTA_INVALID; whatever depends on our clock, keys, member list or application is a reason to wait, never to
 * reject: rejecting there would make nodes diverge for ever.
 */
import {
  DELTA_KIND,
  DELTA_VERSION,
  type DeltaEnvelope,
  type DeltaHeader,
  type DeltaPayload,
  deltaId,
  envelopeCodec,
  MAX_PARENTS,
  MAX_PAYLOAD_BYTES,
  payloadCodec,
  signedBytes,
} from '../../codec/delta.ts'
import { TAG_BYTES } from '../../crypto/seal.ts'
import { verifySignature } from '../../crypto/sign.ts'
import { parentsFault } from '../../dag/dag.ts'
import { equalBytes } from '../../primitives/bytes.ts'
import { sha256 } from '../../primitives/hash.ts'
import { compareHlc, HLC_MAX_AHEAD_MS, hlcTime, ntp64ToNs } from '../../primitives/hlc.ts'
import { type ContextId, DeltaId, idText, PublicKey } from '../../primitives/ids.ts'
import { isMerogateError } from '../../errors.ts'
import type { Role } from '../../anchor/anchor.ts'
import type { ParkReason } from '../../store/repositories/deltas.ts'
import { contextError } from '../errors.ts'
import type { Keyring } from '../groups/keyring.ts'

/** A decoded envelope whose shape is right. */
export interface Candidate {
  readonly id: DeltaId
  readonly envelope: DeltaEnvelope
  readonly header: DeltaHeader
  readonly parents: readonly DeltaId[]
  readonly member: PublicKey
  /** As received; what is stored and served. */
  readonly bytes: Uint8Array
  /** The body is absent: the envelope only says that the delta exists. */
  readonly announced: boolean
}

function invalid(id: Uint8Array | undefined, fault: string): Error {
  return contextError('DELTA_INVALID', `expected a delta, got one with ${fault}`, {
    ...(id === undefined ? {} : { delta: idText(id) }),
    fault,
  })
}

/** Decodes and checks all that needs no state. @throws CODEC_*, DELTA_INVALID */
export function decodeCandidate(context: ContextId, bytes: Uint8Array): Candidate {
  const envelope = envelopeCodec.decode(bytes)
  const { header, sealed } = envelope
  if (!equalBytes(header.context, context)) throw invalid(undefined, 'another context')
  const id = deltaId(header)
  const fault = parentsFault(header.parents, id, MAX_PARENTS)
  if (fault !== undefined) throw invalid(id, fault)
  if (header.sequence === 0n) throw invalid(id, 'number 0: authors count from 1')
  if (header.payloadLength > MAX_PAYLOAD_BYTES) {
    throw invalid(
      id,
      `a payload of ${header.payloadLength} bytes, at most ${MAX_PAYLOAD_BYTES} allowed`,
    )
  }
  const announced = sealed.length === 0
  if (!announced && sealed.length !== header.payloadLength + TAG_BYTES) {
    throw invalid(id, `${sealed.length} sealed bytes for a payload of ${header.payloadLength}`)
  }
  return {
    id,
    envelope,
    header,
    parents: header.parents.map((parent) => DeltaId.from(parent)),
    member: PublicKey.from(header.member),
    bytes,
    announced,
  }
}

/** @throws DELTA_INVALID */
export function checkSignature(candidate: Candidate): void {
  const { header, envelope, id } = candidate
  if (!verifySignature(header.author, signedBytes(id), envelope.signature)) {
    throw invalid(id, 'a signature that is not its author’s')
  }
}

/** What the checks below ask of the context. */
export interface VerifyView {
  readonly context: ContextId
  readonly keyring: Keyring
  roleOf(member: PublicKey): Role | undefined
  /** A descendant by a current writer vouches for it. */
  isEndorsed(id: DeltaId): boolean
  /** A stamp beyond it lies in the future, ns. */
  latestNs(): bigint
}

/** Why a delta must wait, or undefined when nothing outside the DAG is missing. */
export function holdReason(candidate: Candidate, view: VerifyView): ParkReason | undefined {
  const { header, envelope, id, member } = candidate
  const known = header.kind === DELTA_KIND.state || header.kind === DELTA_KIND.merge
  if (header.version !== DELTA_VERSION || !known) return 'unknown'
  // One case today: no authority, the member's own key is the device key.
  if (header.authority !== undefined || !equalBytes(header.author, header.member)) return 'unknown'
  const dueNs = view.latestNs() + BigInt(HLC_MAX_AHEAD_MS) * 1_000_000n
  if (ntp64ToNs(hlcTime(header.hlc)) > dueNs) return 'future'
  if (view.roleOf(member) !== 'writer' && !view.isEndorsed(id)) return 'member'
  if (!view.keyring.has(envelope.sealedEpoch)) return 'key'
  return undefined
}

/** The payload in clear. @throws DELTA_SEALED when no key we have opens it; DELTA_INVALID when the body is not the one the header commits to */
export function openPayload(candidate: Candidate, keyring: Keyring): DeltaPayload {
  const { header, envelope, id } = candidate
  const plain = keyring.open(header.context, header.author, {
    epoch: envelope.sealedEpoch,
    nonce: envelope.nonce,
    aad: id,
    sealed: envelope.sealed,
  })
  if (plain === undefined) {
    const { sealedEpoch: epoch } = envelope
    const delta = idText(id)
    throw contextError('DELTA_SEALED', `no key of epoch ${epoch} opens the delta`, { delta, epoch })
  }
  if (plain.length !== header.payloadLength || !equalBytes(sha256(plain), header.payloadHash)) {
    throw invalid(id, 'a payload that its header does not name')
  }
  return payloadCodec.decode(plain)
}

/** Whether a delta goes to the guest: a merge joins heads and changes nothing, whatever its payload says. */
export function hasEffect({ header }: Candidate): boolean {
  return header.kind !== DELTA_KIND.merge
}

/** @throws DELTA_INVALID unless the timestamp lies after every parent's */
export function checkAfterParents(candidate: Candidate, parentHlcs: readonly Uint8Array[]): void {
  for (const hlc of parentHlcs) {
    if (compareHlc(candidate.header.hlc, hlc) <= 0) {
      throw invalid(candidate.id, 'a timestamp not after its parents’')
    }
  }
}

/** Whether an error proves that no honest node made the bytes. */
export function isProof(error: unknown): boolean {
  return isMerogateError(error, 'DELTA_INVALID') || isMerogateError(error, 'CODEC_MALFORMED')
}

/** Whether an error says that a stored body is of no use: what is asked for again may be the true one, or meet the right key. */
export function isFalseBody(error: unknown): boolean {
  return isProof(error) || isMerogateError(error, 'DELTA_SEALED')
}
