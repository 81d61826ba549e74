/**
 * Signatures that a canister makes by having them certified, as Internet Identity does: a tree that says which messages are signed, whose hash
 * is the canister's certified data, in a certificate of its subnet, whose key the root subnet certifies.
 * @see https://internetcomputer.org/docs/references/ic-interface-spec#canister-signatures
 */
import { refused } from '../../../auth/errors.ts'
import { equalBytes, toHex, utf8 } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import { decodeCbor } from '../certificate/cbor.ts'
import { Certificates, mapOf, parseCertificate } from '../certificate/certificate.ts'
import { digestOf, lookUp, parseTree } from '../certificate/hash-tree.ts'
import { blsVerify } from '../rpc/agent.ts'
import type { CanisterKey } from './keys.ts'

export class CanisterSignatures {
  readonly #certificates: Certificates
  readonly #canisters: ReadonlySet<string>

  /** `rootKey` in DER, `canisters` as bytes. @throws TypeError when the root key is none */
  constructor(rootKey: Uint8Array, canisters: readonly Uint8Array[]) {
    this.#certificates = new Certificates(rootKey, blsVerify)
    this.#canisters = new Set(canisters.map(toHex))
  }

  /**
   * Checks that the canister signed a message. Certificates have no age here, as on the Internet Computer itself: what they sign expires.
   * @throws AUTH_REFUSED
   */
  check({ canisterId, seed }: CanisterKey, message: Uint8Array, signature: Uint8Array): void {
    if (!this.#canisters.has(toHex(canisterId))) throw refused('signed by a canister not trusted')
    const what = 'the canister signature'
    const parts = mapOf(decodeCbor(signature, what, refused), what, refused)
    const tree = parseTree(parts.get('tree'), refused)
    const signed = lookUp(tree, [utf8('sig'), sha256(seed), sha256(message)])
    if (signed?.length !== 0) throw refused('the canister did not sign this delegation')
    const certificate = parseCertificate(parts.get('certificate'), refused)
    const certified = lookUp(certificate.tree, [
      ...[utf8('canister'), canisterId, utf8('certified_data')],
    ])
    if (certified === undefined || !equalBytes(certified, digestOf(tree))) {
      throw refused("the signatures are not the canister's certified data")
    }
    this.#certificates.check(certificate, canisterId, refused)
  }
}
