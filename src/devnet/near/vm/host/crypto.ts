/** Host functions that hash and verify. */
import { createHash } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1'
import { keccak_256, keccak_512 } from '@noble/hashes/sha3'
import { sha256 } from '../../../../node/primitives/hash.ts'
import { verifyEd25519 } from '../../codec/keys.ts'
import type { HostFee } from '../../parameters.ts'
import { FAILURES } from '../errors.ts'
import type { Host, HostFunction, HostFunctions } from './functions.ts'

export function cryptoFunctions({ machine }: Host): HostFunctions {
  const hash =
    (algorithm: (bytes: Uint8Array) => Uint8Array, base: HostFee, each: HostFee): HostFunction =>
    (length = 0n, pointer = 0n, register = 0n) => {
      machine.pay(base)
      const bytes = machine.input(length, pointer)
      machine.pay(each, bytes.length)
      machine.writeRegister(register, algorithm(bytes))
    }
  return {
    sha256: hash(sha256, 'sha256_base', 'sha256_byte'),
    keccak256: hash(keccak_256, 'keccak256_base', 'keccak256_byte'),
    keccak512: hash(keccak_512, 'keccak512_base', 'keccak512_byte'),
    ripemd160(length = 0n, pointer = 0n, register = 0n) {
      machine.pay('ripemd160_base')
      const bytes = machine.input(length, pointer)
      machine.pay('ripemd160_block', Math.floor((bytes.length + 8) / 64) + 1)
      machine.writeRegister(register, createHash('ripemd160').update(bytes).digest())
    },
    ecrecover(hl = 0n, hp = 0n, sl = 0n, sp = 0n, v = 0n, malleability = 0n, register = 0n) {
      machine.pay('ecrecover_base')
      const signature = machine.input(sl, sp)
      if (signature.length !== 64) throw FAILURES.ecrecoverInput(lengthIs('signature', signature))
      if (v < 0n || v >= 4n) {
        throw FAILURES.ecrecoverInput(`V recovery byte 0 through 3 are valid but was provided ${v}`)
      }
      const digest = machine.input(hl, hp)
      if (digest.length !== 32) throw FAILURES.ecrecoverInput(lengthIs('hash', digest))
      if (malleability !== 0n && malleability !== 1n) {
        throw FAILURES.ecrecoverInput(
          `Malleability flag needs to be 0 or 1, but is instead ${malleability}`,
        )
      }
      const key = recover(digest, signature, Number(v), malleability === 1n)
      if (key === undefined) return 0n
      machine.writeRegister(register, key)
      return 1n
    },
    ed25519_verify(sl = 0n, sp = 0n, ml = 0n, mp = 0n, kl = 0n, kp = 0n) {
      machine.pay('ed25519_verify_base')
      const signature = machine.input(sl, sp)
      if (signature.length !== 64) throw FAILURES.ed25519Input('invalid signature length')
      // a scalar above any that is reduced: refused before anything else is read
      if (((signature[63] ?? 0) & 0xe0) !== 0) return 0n
      const message = machine.input(ml, mp)
      machine.pay('ed25519_verify_byte', message.length)
      const key = machine.input(kl, kp)
      if (key.length !== 32) throw FAILURES.ed25519Input('invalid public key length')
      return verifyEd25519(key, message, signature) ? 1n : 0n
    },
  }
}

function lengthIs(what: string, bytes: Uint8Array): string {
  return `The length of the ${what}: ${bytes.length}, exceeds the limit of bytes`
}

/** The 64 bytes of the key that signed, if any did. */
function recover(
  digest: Uint8Array,
  signature: Uint8Array,
  recovery: number,
  isStrict: boolean,
): Uint8Array | undefined {
  try {
    const parsed = secp256k1.Signature.fromCompact(signature)
    if (isStrict && parsed.hasHighS()) return undefined
    return parsed.addRecoveryBit(recovery).recoverPublicKey(digest).toRawBytes(false).slice(1)
  } catch {
    return undefined
  }
}
