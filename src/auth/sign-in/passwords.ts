/** Passwords: scrypt (RFC 7914) with a salt per account, its parameters kept with the hash. As much work for an account that is not there. */
import { createHash, scrypt, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Random } from '../../node/primitives/clock.ts'
import { utf8 } from '../../node/primitives/bytes.ts'
import { authError } from '../errors.ts'
import type { PasswordInit } from '../interface.ts'
import type { CredentialRecord, KeyStore, ScryptCost } from '../keys/key-store.ts'
import {
  MAX_HASHING,
  MAX_HASHING_QUEUE,
  MAX_PASSWORD_BYTES,
  MAX_USERNAME_CHARS,
} from '../limits.ts'

/** `auth_method` of requests. */
export const PASSWORD_METHOD = 'user_password'
/** Characters of a new password when nothing else is said. */
const MIN_PASSWORD_CHARS = 8
/** N = 2^15, r = 8, p = 1: 32 MiB and some 80 ms on a core of 2023. */
const SCRYPT_COST: ScryptCost = { n: 1 << 15, r: 8, p: 1 }
/** No bound: what scrypt is asked for. */
const HASH_BYTES = 32

export interface Account {
  readonly username: string
  readonly password: string
}

/** No control characters (RFC 8265 3.3, 4.2). HMAC, on which scrypt rests, does not tell a text from the same with zeros behind it (RFC 2104 2). */
const NO_CONTROLS = /^\P{Cc}+$/u

const accountSchema = z.object({
  username: z.string().max(MAX_USERNAME_CHARS).regex(NO_CONTROLS),
  password: z.string().max(MAX_PASSWORD_BYTES).regex(NO_CONTROLS),
})

/** `provider_data` of a request, undefined when it is none. Both texts in the form NFC, so that it does not matter how they were typed (RFC 8265). */
export function accountOf(data: unknown): Account | undefined {
  const found = accountSchema.safeParse(data)
  if (!found.success) return undefined
  const [username, password] = [found.data.username.normalize(), found.data.password.normalize()]
  return utf8(password).length > MAX_PASSWORD_BYTES ? undefined : { username, password }
}

/** The key of a user name, 64 hexadecimal digits. */
export function passwordKeyId(username: string): string {
  return createHash('sha256').update(`${PASSWORD_METHOD}:${username}`).digest('hex')
}

export class Passwords {
  readonly #store: KeyStore
  readonly #random: Random
  readonly #minLength: number
  readonly #cost: ScryptCost
  /** What accounts that are not there are compared with. */
  readonly #nobody: Omit<CredentialRecord, 'keyId'>
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(init: PasswordInit, store: KeyStore, random: Random) {
    this.#store = store
    this.#random = random
    this.#minLength = init.minLength ?? MIN_PASSWORD_CHARS
    this.#cost = init.cost ?? SCRYPT_COST
    this.#nobody = {
      cost: this.#cost,
      salt: random.bytes(16),
      hash: random.bytes(HASH_BYTES),
    }
  }

  /** Whether it is the password of the account; the same work when there is no such account. @throws AUTH_LOCKED (limit) too many at once */
  async isRight({ username, password }: Account): Promise<boolean> {
    const stored = await this.#store.credential(passwordKeyId(username))
    const { cost, salt, hash } = stored ?? this.#nobody
    const found = await this.#hash(password, salt, cost)
    return timingSafeEqual(found, hash) && stored !== undefined
  }

  /** What is stored for a new password. @throws AUTH_BAD_REQUEST (input) it is too short */
  async record({ username, password }: Account): Promise<CredentialRecord> {
    const length = Array.from(password).length
    if (length < this.#minLength) {
      throw authError(
        'AUTH_BAD_REQUEST',
        `expected a password of at least ${this.#minLength} characters, got ${length}`,
      )
    }
    const salt = this.#random.bytes(16)
    const hash = await this.#hash(password, salt, this.#cost)
    return { keyId: passwordKeyId(username), cost: this.#cost, salt, hash }
  }

  async #hash(password: string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
    if (this.#running >= MAX_HASHING) {
      if (this.#waiting.length >= MAX_HASHING_QUEUE) {
        throw authError('AUTH_LOCKED', 'too many passwords are looked at: try again', {
          retryAfterMs: 1_000,
        })
      }
      // whoever ends hands his place on
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await scryptHash(password, salt, cost)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

function scryptHash(
  password: string,
  salt: Uint8Array,
  { n, r, p }: ScryptCost,
): Promise<Uint8Array> {
  // RFC 7914 6: 128 * r * (N + p) bytes, and a little that OpenSSL wants beside
  const options = { N: n, r, p, maxmem: 128 * r * (n + p) + (1 << 16) }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, options, (error, hash) => {
      if (error === null) resolve(new Uint8Array(hash))
      else reject(error)
    })
  })
}
