/** Keys of accounts, by reference. */
import { type KeyReference, readKeyText } from '../shared/key-text.ts'

/** Order of secp256k1 as 64 digits: a key is below it, and not 0. */
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'

/**
 * The private key, 32 bytes as hexadecimal with 0x.
 * @throws CHAIN_KEY (input); the message never repeats what was found
 */
export async function readKey(reference: KeyReference): Promise<string> {
  return readKeyText(reference, {
    chain: 'ethereum',
    expected: 'a private key of 64 hexadecimal digits',
    parse(text) {
      const digits = text.replace(/^0x/i, '').toLowerCase()
      const isKey = /^[0-9a-f]{64}$/.test(digits) && digits < ORDER && /[^0]/.test(digits)
      return isKey ? `0x${digits}` : undefined
    },
  })
}
