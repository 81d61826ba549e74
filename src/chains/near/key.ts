/** Keys of accounts, by reference: a credentials file as NEAR's tools write it, or keys as `ed25519:` text. */
import { fromBase58, toBase58 } from '../../node/primitives/bytes.ts'
import { readKeyText, type KeyReference } from '../shared/key-text.ts'
import { ACCOUNT_ID } from './constants.ts'
import { nearError } from './errors.ts'
import { MAX_ACCESS_KEYS, MAX_KEYS_CHARS } from './limits.ts'

/** An account's keys as they are written. */
export interface AccountKeys {
  readonly account: string
  /** Each as `ed25519:<base58>`, of 32 or 64 bytes. */
  readonly keys: readonly [SecretKey, ...SecretKey[]]
}

/** A secret key as NEAR's tools write it. */
export type SecretKey = `ed25519:${string}`

const SECRET = /^ed25519:([1-9A-HJ-NP-Za-km-z]{32,90})$/

/** Keys, and whose they are where that is said. */
interface Found {
  readonly account?: string | undefined
  readonly keys: readonly [SecretKey, ...SecretKey[]]
}

/**
 * An account's keys, several of which are used in rotation. `account`: whose they are, where the text does not say.
 * @throws CHAIN_KEY (input); the message never repeats what was found
 */
export async function readKeys(
  reference: KeyReference,
  account: string | undefined,
): Promise<AccountKeys> {
  const found = await readKeyText(reference, {
    chain: 'near',
    expected: 'a NEAR credentials file, or private keys as ed25519:<base58>',
    parse: parseKeys,
    maxChars: MAX_KEYS_CHARS,
  })
  const name = account ?? found.account
  if (name === undefined) {
    throw nearError(
      'CHAIN_KEY',
      'expected the account that the key is of: set account of the anchor',
    )
  }
  if (found.account !== undefined && found.account !== name) {
    const message = `expected a key of ${name}, got one of ${found.account}`
    throw nearError('CHAIN_KEY', message, { account: name, got: found.account })
  }
  return { account: name, keys: found.keys }
}

/** Keys in a text; undefined for any other text. */
export function parseKeys(text: string): Found | undefined {
  return text.startsWith('{') ? parseCredentials(text) : listOf(text.split(/[\s,]+/))
}

function parseCredentials(text: string): Found | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const {
    account_id: account,
    private_key: key,
    secret_key: other,
  } = json as Record<string, unknown> // each is checked
  const keys = listOf([key ?? other])
  if (keys === undefined) return undefined
  if (account === undefined) return keys
  return typeof account === 'string' && ACCOUNT_ID.test(account) ? { ...keys, account } : undefined
}

/** Whether a text is a seed of 32 bytes, or one with its public half behind it. */
function isSecret(text: string): boolean {
  const [, encoded] = SECRET.exec(text) ?? []
  return encoded !== undefined && [32, 64].includes(fromBase58(encoded).length)
}

function listOf(texts: readonly unknown[]): Found | undefined {
  const keys = texts.filter((text): text is SecretKey => typeof text === 'string' && isSecret(text))
  const [first, ...others] = keys
  const isList = keys.length === texts.length && keys.length <= MAX_ACCESS_KEYS
  return first === undefined || !isList ? undefined : { keys: [first, ...others] }
}

/** A secret key of 32 random bytes. */
export function newSecretKey(seed: Uint8Array): SecretKey {
  return `ed25519:${toBase58(seed)}`
}
