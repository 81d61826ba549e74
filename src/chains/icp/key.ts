/** Keys of whoever deploys, by reference: a PEM as the tools of the chain write it. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { type KeyReference, readKeyText } from '../shared/key-text.ts'
import { MAX_PEM_CHARS } from './limits.ts'

/** One block of a PEM. `EC PARAMETERS` say again what the key says, and are passed over. */
const BLOCK =
  /^-----BEGIN (?<name>[A-Z0-9 ]{1,40})-----\r?\n(?<body>[A-Za-z0-9+/=:,\r\n -]+?)\r?\n-----END \k<name>-----$/m

/** What a text holds: a key, or why it is none that can be used. */
export type FoundKey = { readonly key: KeyObject } | { readonly wrong: string }

/**
 * A private key of ed25519 (PKCS #8) or secp256k1 (SEC 1 or PKCS #8).
 * @throws CHAIN_KEY (input); the message never repeats what was found
 */
export async function readKey(reference: KeyReference): Promise<KeyObject> {
  return readKeyText(reference, {
    chain: 'icp',
    expected: 'a private key of ed25519 (PKCS #8) or secp256k1 (SEC 1) as PEM, not encrypted',
    parse(text) {
      const found = parsePem(text)
      return 'key' in found ? found.key : undefined
    },
    got(text) {
      const found = parsePem(text)
      return 'wrong' in found ? found.wrong : undefined
    },
    maxChars: MAX_PEM_CHARS,
  })
}

/** The key of a PEM. */
export function parsePem(text: string): FoundKey {
  const found = blockOf(text)
  if (found === undefined) return { wrong: 'no PEM' }
  const { name, pem } = found
  if (name === 'ENCRYPTED PRIVATE KEY' || pem.includes('ENCRYPTED')) {
    return { wrong: 'an encrypted key: export it without a password' }
  }
  if (name !== 'PRIVATE KEY' && name !== 'EC PRIVATE KEY') {
    const isKnown = /^(?:RSA |DSA |OPENSSH )?(?:PRIVATE|PUBLIC) KEY$|^CERTIFICATE$/.test(name)
    return { wrong: isKnown ? `a PEM of ${name}` : 'a PEM of something else' }
  }
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    return { wrong: 'a PEM that is damaged' } // the error may hold parts of the key
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'ed25519') return { key }
  if (type !== 'ec') return { wrong: `a key of ${type ?? 'another kind'}` }
  const { namedCurve: curve = 'another curve' } = details ?? {}
  return curve === 'secp256k1' ? { key } : { wrong: `a key of ${CURVES[curve] ?? curve}` }
}

/** Curves by the names that people use. */
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384' }

function blockOf(text: string): { readonly name: string; readonly pem: string } | undefined {
  for (let rest = text; ;) {
    const found = BLOCK.exec(rest)
    const name = found?.groups?.['name']
    if (found === null || name === undefined) return undefined
    if (name !== 'EC PARAMETERS') return { name, pem: found[0] }
    rest = rest.slice(found.index + found[0].length)
  }
}
