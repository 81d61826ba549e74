/** API keys of a relayer: read by reference, kept as hashes, compared in constant time. */
import { timingSafeEqual } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { sha256 } from '../../node/primitives/hash.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { relayerError } from './errors.ts'
import { MAX_API_KEY_CHARS, MAX_API_KEYS, MAX_API_KEYS_CHARS, MIN_API_KEY_CHARS } from './limits.ts'

/** Where the keys are: separated by commas or spaces, in an environment variable or a file. */
export type ApiKeysReference =
  | { readonly file: string }
  | { readonly env: string; readonly from?: NodeJS.ProcessEnv | undefined }

/** Permissions of a file for others than its owner. */
const OTHERS = 0o077

/** Lets in whoever has one of the keys. */
export interface ApiKeys {
  /** @param header `authorization` of a request @throws RELAYER_API_KEY (unauthenticated) */
  check(header: string | undefined): void
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
      if (given !== undefined && matches.length > 0) return
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
  const where = 'file' in reference ? reference.file : `$${reference.env}`
  const text =
    'file' in reference
      ? await readPrivate(reference.file)
      : ((reference.from ?? process.env)[reference.env] ?? '')
  const words = text.slice(0, MAX_API_KEYS_CHARS).split(/[\s,]+/)
  return apiKeys(
    words.filter((word) => word !== ''),
    where,
  )
}

async function readPrivate(where: string): Promise<string> {
  const failed = (got: string, cause?: unknown): Error =>
    relayerError('RELAYER_CONFIG', `expected API keys in ${where}, ${got}`, { where }, { cause })
  let mode: number
  let text: string
  try {
    mode = (await stat(where)).mode
    text = await readFile(where, 'utf8')
  } catch (cause) {
    throw failed('which cannot be read', cause)
  }
  if ((mode & OTHERS) !== 0) throw failed('which others can read: chmod 600')
  return text
}

function hash(key: string): Uint8Array {
  return sha256(utf8(key))
}
