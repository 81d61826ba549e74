/** Layout of what is kept of a signed operation beside the times that its row has. */
import * as P from 'micro-packed'
import { bytes, bytes32, type Codec, codec, option, string } from '../codec/codec.ts'
import { toHex } from '../primitives/bytes.ts'
import { envelopeDigest } from './envelope.ts'
import { copy, publicKey } from './envelope-layout.ts'
import type { Fate } from './fates.ts'
import { MAX_ENVELOPE_BYTES } from './limits.ts'

/** A fate without its times, and the contract it is for. */
export type FateBody = Omit<Fate, 'sinceMs' | 'untilMs'> & { readonly contract: string }

const layout = P.struct({
  contract: string,
  wish: string,
  kind: string,
  subject: bytes32,
  signer: publicKey,
  nonce: P.U64LE,
  series: string,
  leaves: option(P.U64LE),
  envelope: bytes,
  signature: bytes,
})

/** Bytes: the envelope, a signature that a contract account may make as long, names and numbers. */
const kept = codec('a signed operation', layout, 4 * MAX_ENVELOPE_BYTES)

/** The id is the digest of the envelope. */
export const fateCodec: Codec<FateBody> = {
  name: kept.name,
  encode({ contract, wish, kind, subject, signer, nonce: { nonce, series }, leaves, signed }) {
    const { envelope, signature } = signed
    return kept.encode({
      ...{ contract, wish, kind, subject, signer, nonce, series, leaves },
      ...{ envelope, signature },
    })
  },
  decode(encoded) {
    const { nonce, series, leaves, envelope, signature, subject, ...body } = kept.decode(encoded)
    return {
      ...body,
      id: toHex(envelopeDigest(envelope)),
      subject: copy(subject),
      nonce: { nonce, series },
      leaves,
      signed: { envelope: copy(envelope), signature: copy(signature) },
    }
  },
}
