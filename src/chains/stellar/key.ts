/** Keys of accounts, by reference, and those of the channel accounts that follow from them. */
import { StrKey } from '@stellar/stellar-sdk'
import { hkdfSync } from 'node:crypto'
import { generateSigningKey, type SigningKey } from '../../node/crypto/sign.ts'
import { concat, EMPTY, utf8 } from '../../node/primitives/bytes.ts'
import { type KeyReference, readKeyText } from '../shared/key-text.ts'

/** An account, and the key that signs for it. */
export interface AccountKey {
  /** `G...`. */
  readonly address: string
  readonly signer: SigningKey
}

const CHANNEL = 'merogate stellar channel'

/** An account's key: an `S...` secret. @throws CHAIN_KEY (input); the message never repeats what was found */
export async function readKey(reference: KeyReference): Promise<AccountKey> {
  return readKeyText(reference, {
    chain: 'stellar',
    expected: 'a secret key of Stellar, S and 55 characters',
    parse: parseKey,
  })
}

/** The key in a text; undefined for any other text. */
export function parseKey(text: string): AccountKey | undefined {
  if (!StrKey.isValidEd25519SecretSeed(text)) return undefined
  return accountKey(new Uint8Array(StrKey.decodeEd25519SecretSeed(text)))
}

/** The key of a 32-byte seed. */
export function accountKey(seed: Uint8Array): AccountKey {
  const signer = generateSigningKey(seed)
  return { address: StrKey.encodeEd25519PublicKey(signer.publicKey), signer }
}

/** `S...`, as files hold it. Secret. */
export function secretText({ signer }: AccountKey): string {
  return StrKey.encodeEd25519SecretSeed(signer.seed)
}

/**
 * Keys of an account's channels, from the first on: accounts whose sequence numbers its transactions use, so that several wait at one time. The
 * seed of each is HKDF-SHA256 of the account's seed, without salt, for the text `merogate stellar channel` and its number as a u32, little-endian.
 */
export function channelKeys({ signer }: AccountKey, count: number): readonly AccountKey[] {
  return Array.from({ length: count }, (_, index) => {
    const number = new Uint8Array(4)
    new DataView(number.buffer).setUint32(0, index, true)
    const info = concat(utf8(CHANNEL), number)
    return accountKey(new Uint8Array(hkdfSync('sha256', signer.seed, EMPTY, info, 32)))
  })
}
