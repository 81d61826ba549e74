/** Keys of accounts and of relayers, by reference: what a key looks like is the chain's. */
import { placeOf, readSecret, type SecretReference } from '../../node/secret.ts'
import { chainError } from './errors.ts'

/** Where an account's private key is; a relayer's API key is told in the same way. */
export type KeyReference = SecretReference

/** Characters that are read of one key; the longest has some hundred. */
const MAX_KEY_CHARS = 200

/** What a text has to be to be a key. */
export interface KeyForm<K> {
  /** Protocol of the chain, as in `ethereum`. */
  readonly chain: string
  /** In words: `a private key of 64 hexadecimal digits`. */
  readonly expected: string
  /** The key; undefined for a text that is none. */
  readonly parse: (text: string) => K | undefined
  /** What a text is that is no key, in words that tell nothing of it. @default something else */
  readonly got?: ((text: string) => string | undefined) | undefined
  /** Characters that are read. @default MAX_KEY_CHARS */
  readonly maxChars?: number | undefined
}

/** A key, from where it is. @throws CHAIN_KEY (input); the message never repeats what was found */
export async function readKeyText<K>(
  reference: KeyReference,
  { chain, expected, parse, got: gotOf, maxChars = MAX_KEY_CHARS }: KeyForm<K>,
): Promise<K> {
  const noKey = (got: string, options?: ErrorOptions): Error => {
    const where = placeOf(reference)
    const message = `expected ${expected} in ${where}, got ${got}`
    return chainError(chain, 'CHAIN_KEY', message, { where }, options)
  }
  const text = await readSecret(reference, maxChars, (_, got, cause) => noKey(got, { cause }))
  const key = parse(text)
  if (key === undefined) throw noKey(gotOf?.(text) ?? 'something else')
  return key
}

/** An API key: printable characters. @throws CHAIN_KEY (input); the message never repeats what was found */
export async function readApiKey(reference: KeyReference, chain: string): Promise<string> {
  const parse = (text: string): string | undefined =>
    /^[\x21-\x7e]+$/.test(text) ? text : undefined
  return readKeyText(reference, { chain, expected: 'an API key', parse })
}
