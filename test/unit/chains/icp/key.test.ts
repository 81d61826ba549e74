import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { parsePem, readKey } from '../../../../src/chains/icp/key.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'
import { tempFolder } from '../../../support/temp-folder.ts'

/** As `icp identity new` and `dfx identity export` write it: PKCS #8 of version 2, with the public half behind the seed. */
function withPublicHalf(key: KeyObject): string {
  const seed = key.export({ format: 'der', type: 'pkcs8' }).subarray(-32)
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
  const der = Buffer.concat([
    ...[Buffer.from('3053020101300506032b657004220420', 'hex'), seed],
    ...[Buffer.from('a123032100', 'hex'), point],
  ])
  return pemOf('PRIVATE KEY', der)
}

function pemOf(name: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n')
}

/** Name of secp256k1, which tools write before the key. */
const PARAMETERS = pemOf('EC PARAMETERS', Buffer.from('06052b8104000a', 'hex'))

const ed25519 = generateKeyPairSync('ed25519').privateKey
const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey
const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
const pkcs8 = { format: 'pem', type: 'pkcs8' } as const
const sec1 = { format: 'pem', type: 'sec1' } as const
const hidden = { cipher: 'aes-256-cbc', passphrase: 'secret' }

describe('a key of the Internet Computer', () => {
  const GOOD: readonly [string, KeyObject, string | Buffer][] = [
    ['of ed25519 in PKCS #8', ed25519, ed25519.export(pkcs8)],
    ['of ed25519 with its public half', ed25519, withPublicHalf(ed25519)],
    ['of secp256k1 in SEC 1', secp256k1, secp256k1.export(sec1)],
    ['of secp256k1 behind its parameters', secp256k1, PARAMETERS + String(secp256k1.export(sec1))],
    ['of secp256k1 in PKCS #8', secp256k1, secp256k1.export(pkcs8)],
    [
      'with the line ends of another system',
      ed25519,
      String(ed25519.export(pkcs8)).replaceAll('\n', '\r\n'),
    ],
  ]
  for (const [what, key, pem] of GOOD) {
    it(`is read ${what}`, () => {
      const found = parsePem(String(pem))
      expect('key' in found && found.key.equals(key)).to.equal(true)
    })
  }

  const WRONG: readonly [string, string | Buffer, string][] = [
    ['that is encrypted', ed25519.export({ ...pkcs8, ...hidden }), 'an encrypted key'],
    ['that is encrypted as before', secp256k1.export({ ...sec1, ...hidden }), 'an encrypted key'],
    ['of P-256', p256.export(sec1), 'a key of P-256'],
    ['of P-256 in PKCS #8', p256.export(pkcs8), 'a key of P-256'],
    [
      'of RSA',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8),
      'a key of rsa',
    ],
    [
      'that is public',
      createPublicKey(ed25519).export({ format: 'pem', type: 'spki' }),
      'a PEM of PUBLIC KEY',
    ],
    [
      'that is cut off',
      pemOf('PRIVATE KEY', Buffer.from('302e0201', 'hex')),
      'a PEM that is damaged',
    ],
    ['that is none', 'seven words of a phrase', 'no PEM'],
  ]
  for (const [what, pem, got] of WRONG) {
    it(`is refused ${what}, and the error says what is expected`, async () => {
      await using folder = await tempFolder()
      const file = join(folder.path, 'key.pem')
      await writeFile(file, pem, { mode: 0o600 })
      const error: unknown = await readKey({ file }).catch((thrown: unknown) => thrown)
      if (!isMerogateError(error, 'CHAIN_KEY')) return expect.fail(String(error))
      expect(error.message).to.include('ed25519').and.include('secp256k1').and.include(got)
      for (const line of String(pem).split('\n').slice(1, 3)) {
        if (line !== '') expect(error.message).not.to.include(line)
      }
    })
  }
})
