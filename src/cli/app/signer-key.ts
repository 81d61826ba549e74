/** Keys that sign bundles: a file with the 32 bytes of an ed25519 seed, hexadecimal, that only its owner reads. */
import { didKey } from '../../node/applications/manifest.ts'
import { generateSigningKey, type SigningKey } from '../../node/crypto/sign.ts'
import { fromHex, toHex } from '../../node/primitives/bytes.ts'
import { readSecret } from '../../node/secret.ts'
import { writeNewKey } from '../chains/shared/key-file.ts'
import { cliError } from '../errors.ts'

const HEX = /^[0-9a-f]{64}$/i

/** Makes one, and says who it is. @throws CLI_FILE (input) where there is a file already */
export async function makeSignerKey(file: string): Promise<string> {
  const key = generateSigningKey()
  if (await writeNewKey(file, `${toHex(key.seed)}\n`)) return didKey(key.publicKey)
  throw cliError('CLI_FILE', `${file} is there already, and is kept`)
}

/** Reads one. @throws CLI_FILE (input) */
export async function readSignerKey(file: string): Promise<SigningKey> {
  const refuse = (where: string, got: string, cause?: unknown): Error =>
    cliError('CLI_FILE', `expected a key for bundles in ${where}, got ${got}`, {}, { cause })
  const text = await readSecret({ file }, 128, refuse)
  if (!HEX.test(text)) throw refuse(file, 'no 64 hexadecimal digits')
  return generateSigningKey(fromHex(text.toLowerCase()))
}
