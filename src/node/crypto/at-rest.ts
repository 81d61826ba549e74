/** How secrets lie in the database: AES-256-GCM under a key derived from the node's own, which lies in a file of mode 600 beside it. */
import type { Random } from '../primitives/clock.ts'
import { concat, EMPTY, utf8 } from '../primitives/bytes.ts'
import { MerogateError } from '../errors.ts'
import { deriveKey, NONCE_BYTES, open, seal } from './seal.ts'

export interface AtRest {
  /** nonce 12, ciphertext, tag 16 */
  seal(secret: Uint8Array): Uint8Array
  /** @throws KEY_AT_REST (corrupt) when the row was sealed with another node's key, or was changed */
  open(sealed: Uint8Array): Uint8Array
}

export function atRest(nodeSeed: Uint8Array, random: Random): AtRest {
  const key = deriveKey(nodeSeed, utf8('merogate/at-rest/1\0'))
  return {
    seal(secret) {
      const nonce = random.bytes(NONCE_BYTES)
      return concat(nonce, seal(key, nonce, EMPTY, secret))
    },
    open(sealed) {
      const secret = open(key, sealed.subarray(0, NONCE_BYTES), EMPTY, sealed.subarray(NONCE_BYTES))
      if (secret === undefined) {
        throw new MerogateError(
          'KEY_AT_REST',
          'corrupt',
          'a stored secret does not open with this node key: was the key file of another node put here?',
        )
      }
      return secret
    },
  }
}
