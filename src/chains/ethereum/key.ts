/** Keys by reference: a file or an environment variable holds them, never the configuration itself. */
import { readFile, stat } from 'node:fs/promises'
import { isMerogateError } from '../../node/errors.ts'
import { ethereumError } from './errors.ts'

/** Where an account's private key is; a relayer's API key is told in the same way. */
export type KeyReference =
  | { readonly file: string }
  | { readonly env: string; readonly from?: NodeJS.ProcessEnv | undefined }

/** Order of secp256k1 as 64 digits: a key is below it, and not 0. */
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'

/** Characters that are read; a private key has 66. */
const MAX_KEY_CHARS = 200
/** Permissions of a file for others than its owner. */
const OTHERS = 0o077

/**
 * The private key, 32 bytes as hexadecimal with 0x.
 * @throws ETHEREUM_KEY (input); the message never repeats what was found
 */
export async function readKey(reference: KeyReference): Promise<string> {
  const expected = 'a private key of 64 hexadecimal digits'
  const digits = (await readText(reference, expected)).replace(/^0x/i, '').toLowerCase()
  const isKey = /^[0-9a-f]{64}$/.test(digits) && digits < ORDER && /[^0]/.test(digits)
  if (isKey) return `0x${digits}`
  throw noKey(reference, expected, 'something else')
}

/** An API key: printable characters. @throws ETHEREUM_KEY (input); the message never repeats what was found */
export async function readApiKey(reference: KeyReference): Promise<string> {
  const expected = 'an API key'
  const text = await readText(reference, expected)
  if (/^[\x21-\x7e]+$/.test(text)) return text
  throw noKey(reference, expected, 'something else')
}

async function readText(reference: KeyReference, expected: string): Promise<string> {
  let text: string | undefined
  if ('env' in reference) {
    text = (reference.from ?? process.env)[reference.env]
  } else {
    try {
      const { mode } = await stat(reference.file)
      if ((mode & OTHERS) !== 0) {
        throw noKey(reference, expected, 'a file that others can read: chmod 600')
      }
      text = await readFile(reference.file, 'utf8')
    } catch (cause) {
      if (isMerogateError(cause)) throw cause
      throw noKey(reference, expected, 'nothing that can be read', { cause })
    }
  }
  const found = text?.slice(0, MAX_KEY_CHARS).trim() ?? ''
  if (found === '') throw noKey(reference, expected, 'nothing')
  return found
}

function noKey(
  reference: KeyReference,
  expected: string,
  got: string,
  options?: ErrorOptions,
): Error {
  const where = 'file' in reference ? reference.file : `$${reference.env}`
  const message = `expected ${expected} in ${where}, got ${got}`
  return ethereumError('ETHEREUM_KEY', message, { where }, options)
}
