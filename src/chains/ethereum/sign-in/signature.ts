/** Whose key signed a text (EIP-191). */
import { hashMessage, recoverAddress, Signature } from 'ethers'

/** Order of secp256k1. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const BYTES = 65

/** The address, EIP-55; or why there is none. */
export type Recovered = { readonly address: string } | { readonly why: string }

/**
 * Takes r, s and v, 65 bytes; v as 27 and 28, or 0 and 1 as some devices write it. A signature with a high s is none: its low twin is the one
 * that wallets make (EIP-2), so that a signature has one form. EIP-2098's 64 bytes would be a second form, and are none either.
 */
export function recover(text: string, signature: Uint8Array): Recovered {
  if (signature.length !== BYTES) {
    return { why: `a signature of ${signature.length} bytes, a key's has ${BYTES}` }
  }
  const hex = (from: number, to: number): string =>
    `0x${Buffer.from(signature.subarray(from, to)).toString('hex')}`
  const [r, s, v] = [hex(0, 32), hex(32, 64), signature[64]]
  if (v !== 0 && v !== 1 && v !== 27 && v !== 28) return { why: `a signature with v ${v}` }
  if (BigInt(r) === 0n || BigInt(r) >= N) return { why: 'a signature whose r is out of range' }
  if (BigInt(s) === 0n || BigInt(s) > N / 2n) return { why: 'a signature whose s is not low' }
  try {
    const parsed = Signature.from({ r, s, v: v < 27 ? v + 27 : v })
    return { address: recoverAddress(hashMessage(text), parsed) }
  } catch {
    return { why: 'a signature that no key makes' } // r is no point of the curve
  }
}
