/**
 * Keys that sign tokens (ES256, RFC 7518 3.4). Another one takes its turn every rotation; it is published a day before, so that whoever fetches the
 * public keys has it in time, and it is kept for as long as a token that it signed may be good.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { toBase64Url } from '../../node/primitives/bytes.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { KeyChange, KeyStore, SigningKeyRecord } from '../keys/key-store.ts'

/** How long before its turn a key is published, ms; not before half a rotation. */
const AHEAD_MS = 86_400_000

/** A key in use. */
export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  readonly activeAtMs: number
}

export interface SigningKeysInit {
  readonly store: KeyStore
  readonly clock: Clock
  /** After which time another key signs. */
  readonly rotationMs: number
  /** How long a token may be good after its key's turn is over: the longest life and twice the leeway. */
  readonly keepMs: number
}

export class SigningKeys {
  readonly #init: SigningKeysInit
  /** By when their turn comes. */
  #keys: readonly SigningKey[] = []

  private constructor(init: SigningKeysInit) {
    this.#init = init
  }

  /** Reads the keys, and makes the first one. */
  static async open(init: SigningKeysInit): Promise<SigningKeys> {
    const keys = new SigningKeys(init)
    keys.#keys = (await init.store.signingKeys()).map(keyOf).sort(byTurn)
    await keys.rotate()
    return keys
  }

  /** The key whose turn it is. With a clock that was set back before all turns: the first one. */
  current(): SigningKey {
    const now = this.#init.clock.nowMs()
    const key = this.#keys.findLast(({ activeAtMs }) => activeAtMs <= now) ?? this.#keys[0]
    if (key === undefined) throw new TypeError('signing keys are used before they were opened')
    return key
  }

  find(kid: string): SigningKey | undefined {
    return this.#keys.find((key) => key.kid === kid)
  }

  /** All public keys, those of the past first, as JSON Web Keys (RFC 7517). */
  jwks(): readonly Readonly<Record<string, unknown>>[] {
    return this.#keys.map(({ kid, publicKey }) => {
      const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
      return { kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }
    })
  }

  /** Makes the next key when it is time, and forgets those that no good token names. To be called every now and then, one call at a time. */
  async rotate(): Promise<void> {
    const { clock, rotationMs, keepMs, store } = this.#init
    const now = clock.nowMs()
    const ahead = Math.min(AHEAD_MS, rotationMs / 2)
    const made: SigningKeyRecord[] = []
    const newest = this.#keys.at(-1)
    if (newest === undefined) made.push(newRecord(now, now))
    else if (now >= newest.activeAtMs + rotationMs - ahead) {
      // after a long stop its turn still is a while ahead
      made.push(newRecord(now, Math.max(newest.activeAtMs + rotationMs, now + ahead)))
    }
    const gone = this.#keys.filter((_, index) => {
      const successor = this.#keys[index + 1]
      return successor !== undefined && now > successor.activeAtMs + keepMs
    })
    if (made.length === 0 && gone.length === 0) return
    const changes: KeyChange[] = [
      ...made.map((record): KeyChange => ({ put: 'signingKey', record })),
      ...gone.map(({ kid }): KeyChange => ({ del: 'signingKey', kid })),
    ]
    // on the disk before anything is signed with it
    await store.write(changes)
    this.#keys = [...this.#keys.filter((key) => !gone.includes(key)), ...made.map(keyOf)]
  }
}

function byTurn(a: SigningKey, b: SigningKey): number {
  return a.activeAtMs - b.activeAtMs
}

function newRecord(createdAtMs: number, activeAtMs: number): SigningKeyRecord {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pkcs8 = new Uint8Array(privateKey.export({ format: 'der', type: 'pkcs8' }))
  return { kid: thumbprint(publicKey), pkcs8, createdAtMs, activeAtMs }
}

function keyOf({ kid, pkcs8, activeAtMs }: SigningKeyRecord): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  return { kid, privateKey, publicKey: createPublicKey(privateKey), activeAtMs }
}

/** RFC 7638 3.2: the required members in alphabetical order. */
function thumbprint(publicKey: KeyObject): string {
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  return toBase64Url(
    new Uint8Array(createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest()),
  )
}
