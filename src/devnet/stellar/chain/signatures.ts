/** Whether a transaction is signed by those whose accounts it is about. */
import { equalBytes, toHex } from '../../../node/primitives/bytes.ts'
import { sha256 } from '../../../node/primitives/hash.ts'
import type { AccountEntry } from '../storage/entries.ts'
import { verifyEd25519 } from '../value/crypto.ts'
import type { Signed } from './envelope.ts'

/** What is needed of an account's signers: places among its thresholds. */
export const LEVEL = { low: 1, medium: 2, high: 3 } as const

/** XDR's kinds of keys of signers. */
const SIGNER = { ed25519: 0, preAuth: 1, hashX: 2 } as const

interface Candidate {
  readonly kind: number
  readonly key: Uint8Array
  readonly weight: number
}

/** Signatures of one transaction, and which of them were needed. */
export class SignatureChecker {
  readonly #signed: Signed
  readonly #used = new Set<number>()

  constructor(signed: Signed) {
    this.#signed = signed
  }

  /** Whether the account's signers agree to something of a level. */
  agrees(account: AccountEntry, level: number): boolean {
    const needed = account.thresholds[level] ?? 0
    const seen = new Set<string>()
    let weight = 0
    for (const [i, { hint, bytes }] of this.#signed.signatures.entries()) {
      for (const one of candidates(account)) {
        const id = toHex(one.key)
        if (seen.has(id) || !this.#isBy(one, hint, bytes)) continue
        seen.add(id)
        this.#used.add(i)
        weight += Math.min(255, one.weight)
      }
    }
    return weight > 0 && weight >= needed
  }

  /** Whether every signature was needed by somebody. */
  get areAllUsed(): boolean {
    return this.#used.size === this.#signed.signatures.length
  }

  #isBy({ kind, key }: Candidate, hint: Uint8Array, bytes: Uint8Array): boolean {
    if (!equalBytes(key.subarray(28), hint)) return false
    if (kind === SIGNER.hashX) return equalBytes(sha256(bytes), key)
    return kind === SIGNER.ed25519 && verifyEd25519(key, this.#signed.hash, bytes)
  }
}

function candidates({ publicKey, thresholds, signers }: AccountEntry): readonly Candidate[] {
  const own = { kind: SIGNER.ed25519, key: publicKey, weight: thresholds[0] }
  const others = signers.map(({ key, weight }) => ({
    ...{ kind: key[3] ?? 0, key: key.subarray(4), weight },
  }))
  return own.weight > 0 ? [own, ...others] : others
}
