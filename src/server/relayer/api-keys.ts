/** API keys of a relayer: read by reference, kept as hashes, compared in constant time. */
import { timingSafeEqual } from 'node:crypto'
import { placeOf, readSecret, type SecretReference } from '../../node/secret.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { toHex, utf8 } from '../../node/primitives/bytes.ts'
import { relayerError } from './errors.ts'
import { MAX_API_KEY_CHARS, MAX_API_KEYS, MAX_API_KEYS_CHARS, MIN_API_KEY_CHARS } from './limits.ts'

/** Where the keys are, separated by commas or spaces. */
export type ApiKeysReference = SecretReference

/** Lets in whoever has one of the keys. */
export interface ApiKeys {
  /** @param header `authorization` of a request @returns what names the key without being it @throws RELAYER_API_KEY (unauthenticated) */
  check(header: string | undefined): string
}

/** Keys as they are. @throws RELAYER_CONFIG (input) when there is none, or one that can be guessed; never repeats any */
export function apiKeys(keys: readonly string[], where = 'the API keys'): ApiKeys {
  const isKey = (key: string): boolean =>
    key.length >= MIN_API_KEY_CHARS && key.length <= MAX_API_KEY_CHARS && /^[\x21-\x7e]+$/.test(key)
  if (keys.length === 0 || keys.length > MAX_API_KEYS || !keys.every(isKey)) {
    throw relayerError(
      'RELAYER_CONFIG',
      `expected 1 to ${MAX_API_KEYS} API keys of ${MIN_API_KEY_CHARS} to ${MAX_API_KEY_CHARS} characters in ${where}, got something else`,
      { where, count: keys.length },
    )
  }
  // of one length, so that comparing tells nothing of the keys
  const hashes = keys.map(hash)
  return {
    check(header) {
      const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(header ?? '')?.[1]
      const digest = hash(given ?? '')
      // all are looked at, whichever it is
      const matches = hashes.filter((known) => timingSafeEqual(known, digest))
      if (given !== undefined && matches.length > 0) return toHex(digest).slice(0, 16)
      throw relayerError(
        'RELAYER_API_KEY',
        given === undefined
          ? 'expected an API key: authorization: Bearer <key>'
          : 'expected a known API key, got another',
      )
    },
  }
}

/** Reads the keys; a file must be its owner's alone. @throws RELAYER_CONFIG (input) */
export async function readApiKeys(reference: ApiKeysReference): Promise<ApiKeys> {
  const text = await readSecret(reference, MAX_API_KEYS_CHARS, (where, got, cause) => {
    const message = `expected API keys in ${where}, got ${got}`
    return relayerError('RELAYER_CONFIG', message, { where }, { cause })
  })
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  return apiKeys(words, placeOf(reference))
}

function hash(key: string): Uint8Array {
  return sha256(utf8(key))
}
