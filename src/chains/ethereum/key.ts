/** Keys of accounts and of relayers, by reference. */
import { placeOf, readSecret, type SecretReference } from '../../node/secret.ts'
import { ethereumError } from './errors.ts'

/** Where an account's private key is; a relayer's API key is told in the same way. */
export type KeyReference = SecretReference

/** Order of secp256k1 as 64 digits: a key is below it, and not 0. */
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'

/** Characters that are read; a private key has 66. */
const MAX_KEY_CHARS = 200

/**
 * The private key, 32 bytes as hexadecimal with 0x.
 * @throws CHAIN_KEY (input); the message never repeats what was found
 */
export async function readKey(reference: KeyReference): Promise<string> {
  const expected = 'a private key of 64 hexadecimal digits'
  const digits = (await readText(reference, expected)).replace(/^0x/i, '').toLowerCase()
  const isKey = /^[0-9a-f]{64}$/.test(digits) && digits < ORDER && /[^0]/.test(digits)
  if (isKey) return `0x${digits}`
  throw noKey(reference, expected, 'something else')
}

/** An API key: printable characters. @throws CHAIN_KEY (input); the message never repeats what was found */
export async function readApiKey(reference: KeyReference): Promise<string> {
  const expected = 'an API key'
  const text = await readText(reference, expected)
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw noKey(reference, expected, 'something else')
}

async function readText(reference: KeyReference, expected: string): Promise<string> {
  return readSecret(reference, MAX_KEY_CHARS, (_, got, cause) =>
    noKey(reference, expected, got, { cause }),
  )
}

function noKey(
  reference: KeyReference,
  expected: string,
  got: string,
  options?: ErrorOptions,
): Error {
  const where = placeOf(reference)
  const message = `expected ${expected} in ${where}, got ${got}`
  return ethereumError('CHAIN_KEY', message, { where }, options)
}
