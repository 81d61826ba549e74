/** Proof that the far end of a stream holds a member's key, bound to this very stream; and signatures of gossiped Heads. */
import { type HeadsStatement, headsStatementCodec } from '../codec/gossip-frames.ts'
import type { Signer } from '../anchor/anchor.ts'
import { verifySignature } from '../crypto/sign.ts'
import type { PeerId } from '../network/network.ts'
import { concat, utf8 } from '../primitives/bytes.ts'
import { domainTag } from '../primitives/hash.ts'
import type { ContextId } from '../primitives/ids.ts'

const POP_TAG = domainTag('cali/pop/1')
const HEADS_TAG = domainTag('cali/heads/1')

/** The two ends of a stream, as one of them proves itself to the other. */
export interface ProofEnds {
  readonly prover: PeerId
  readonly verifier: PeerId
  /** 16 random bytes each end sent in its Hello. */
  readonly proverNonce: Uint8Array
  readonly verifierNonce: Uint8Array
}

/** One end: its peer id, and the nonce of its Hello. */
interface End {
  readonly peer: PeerId
  readonly nonce: Uint8Array
}

/** The ends of a stream, as we prove ourselves, and as the peer does. */
export function proofEnds(
  us: End,
  them: End,
): { readonly ours: ProofEnds; readonly theirs: ProofEnds } {
  const ends = (prover: End, verifier: End): ProofEnds => ({
    prover: prover.peer,
    verifier: verifier.peer,
    proverNonce: prover.nonce,
    verifierNonce: verifier.nonce,
  })
  return { ours: ends(us, them), theirs: ends(them, us) }
}

/**
 * What is signed: tag, context, party, prover's peer id, verifier's peer id, prover's nonce, verifier's nonce. The ends are ordered by who
 * proves, not by who dialled: otherwise a stranger could send our own proof back to us as its own. Peer ids are length-prefixed texts.
 */
function proofMessage(context: Uint8Array, party: Uint8Array, ends: ProofEnds): Uint8Array {
  return concat(
    POP_TAG,
    context,
    party,
    lengthPrefixed(ends.prover),
    lengthPrefixed(ends.verifier),
    ends.proverNonce,
    ends.verifierNonce,
  )
}

function lengthPrefixed(text: string): Uint8Array {
  const bytes = utf8(text)
  return concat(Uint8Array.of(bytes.length & 255, bytes.length >> 8), bytes)
}

/** Proves to the other end that we are the signer's identity. 64 bytes. */
export function proveParty(context: Uint8Array, signer: Signer, ends: ProofEnds): Uint8Array {
  return signer.sign(proofMessage(context, signer.publicKey, ends))
}

/** Whether a proof shows that the prover holds the key of `party`. */
export function verifyParty(
  context: Uint8Array,
  party: Uint8Array,
  proof: Uint8Array,
  ends: ProofEnds,
): boolean {
  return verifySignature(party, proofMessage(context, party, ends), proof)
}

function headsMessage(context: ContextId, statement: HeadsStatement): Uint8Array {
  return concat(HEADS_TAG, context, headsStatementCodec.encode(statement))
}

/** Signature of a gossiped frontier, 64 bytes. */
export function signHeads(
  context: ContextId,
  statement: HeadsStatement,
  signer: Signer,
): Uint8Array {
  return signer.sign(headsMessage(context, statement))
}

/** Whether the statement's party signed it for this context. */
export function verifyHeads(
  context: ContextId,
  statement: HeadsStatement,
  signature: Uint8Array,
): boolean {
  return verifySignature(statement.party, headsMessage(context, statement), signature)
}
