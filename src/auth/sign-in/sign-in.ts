/** Signing in: challenge, proof, key. What was wrong with a refused attempt stands in the log alone; outwardly each looks the same. */
import { createHash } from 'node:crypto'
import { isMerogateError } from '../../node/errors.ts'
import type { Signalled } from '../../node/interface.ts'
import type { Clock } from '../../node/primitives/clock.ts'
import type { Logger } from '../../node/primitives/logger.ts'
import { printable } from '../../node/primitives/text.ts'
import { authError, refused } from '../errors.ts'
import type {
  AuthInit,
  Caller,
  ChallengeRequest,
  IssuedChallenge,
  Origin,
  PasswordChange,
  SignInRequest,
  TokenPair,
} from '../interface.ts'
import type { CredentialRecord, KeyChange, KeyRecord, KeyStore } from '../keys/key-store.ts'
import { MAX_NAME_CHARS } from '../limits.ts'
import type { AuthMetrics } from '../metrics.ts'
import type { Origins } from '../origins.ts'
import { parsePermissions } from '../permissions/grammar.ts'
import type { Serial } from '../serial.ts'
import type { KeyWithRoot, Sessions } from '../tokens/sessions.ts'
import { MAX_WITNESS_BYTES, type WalletSubject, type WalletVerifier } from '../wallet-verifier.ts'
import { mayBootstrap } from './bootstrap.ts'
import { type Challenges, textOf } from './challenges.ts'
import { type Lockout, prefixOf } from './lockout.ts'
import { accountOf, PASSWORD_METHOD, passwordKeyId, type Passwords } from './passwords.ts'

export interface SignInComponents {
  readonly store: KeyStore
  readonly sessions: Sessions
  readonly origins: Origins
  readonly challenges: Challenges
  readonly lockout: Lockout
  /** Undefined: no sign-in by password. */
  readonly passwords: Passwords | undefined
  readonly serial: Serial
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: AuthMetrics
}

/** Who was proved to be there. */
interface Proof {
  readonly keyId: string
  readonly subject: string
  /** What is stored if this is the first administrator. */
  readonly credential?: (() => Promise<CredentialRecord>) | undefined
  /** Whether the password was right; a wallet's word was checked by now. */
  readonly isRight: boolean
  readonly witness?: KeyRecord['witness']
}

export class SignIn {
  readonly #init: AuthInit
  readonly #c: SignInComponents
  readonly #verifiers: ReadonlyMap<string, WalletVerifier>

  constructor(init: AuthInit, components: SignInComponents) {
    this.#init = init
    this.#c = components
    this.#verifiers = new Map(init.verifiers.map((verifier) => [verifier.method, verifier]))
  }

  async challenge(
    request: ChallengeRequest,
    { address }: { address: string },
  ): Promise<IssuedChallenge> {
    const { method = this.#init.defaultMethod ?? 'near_wallet', subject, network } = request
    const verifier = this.#verifiers.get(method)
    if (verifier === undefined) throw unknownMethod(method)
    assertNames({ subject, network })
    const { origin = this.#c.origins.first, permissions = [] } = request
    if (!this.#c.origins.has(origin)) {
      throw authError('AUTH_BAD_REQUEST', 'expected an origin of this node')
    }
    const asked = parsePermissions(permissions).map(({ text }) => text)
    this.#c.lockout.challenge(address)
    const { challenges } = this.#c
    const domain = new URL(origin).host
    const terms = challenges.terms({ domain, origin, subject, network, permissions: asked })
    const challenge = await verifier.challenge(terms)
    challenges.add({ method, terms, challenge }, prefixOf(address))
    const { message, transaction, parameters } = challenge
    const { nonce, expiresAtMs } = terms
    const text = textOf(challenge) ?? nonce
    return { method, challenge: text, nonce, message, transaction, parameters, expiresAtMs }
  }

  async signIn(request: SignInRequest, from: Origin, options: Signalled = {}): Promise<TokenPair> {
    const { method, publicKey, clientName } = request
    assertNames({ publicKey, clientName })
    const isPassword = method === PASSWORD_METHOD && this.#c.passwords !== undefined
    if (!isPassword && !this.#verifiers.has(method)) throw unknownMethod(method)
    const claimed = isPassword ? (accountOf(request.data)?.username ?? '') : publicKey
    const attempt = await this.#c.lockout
      .begin(`${method} ${claimed}`, from.address)
      .catch((error: unknown) => {
        this.#c.metrics.signIns.inc({ method, outcome: 'locked' })
        throw error
      })
    try {
      const proof = isPassword
        ? await this.#provePassword(request.data)
        : await this.#proveWallet(request, options)
      const pair = await this.#c.serial(() => this.#enter(request, proof, from))
      attempt.succeeded()
      this.#c.metrics.signIns.inc({ method, outcome: 'taken' })
      return pair
    } catch (error) {
      if (isMerogateError(error, 'AUTH_REFUSED')) throw this.#refusal(method, error.details)
      if (!isMerogateError(error, 'AUTH_BAD_REQUEST')) attempt.undecided()
      this.#c.metrics.signIns.inc({ method, outcome: 'failed' })
      throw error
    }
  }

  /** See Auth.changePassword. */
  async changePassword(
    { keyId, familyId }: Caller,
    { oldPassword, newPassword }: PasswordChange,
    { address }: Pick<Origin, 'address'>,
  ): Promise<void> {
    const { passwords, store, lockout, sessions } = this.#c
    const key = await store.key(keyId)
    if (passwords === undefined || key?.method !== PASSWORD_METHOD || key.rootKeyId !== keyId) {
      const message = 'expected a session of a user name and password'
      throw authError('AUTH_PERMISSION_DENIED', message)
    }
    const { subject: username } = key
    const attempt = await lockout.begin(`${PASSWORD_METHOD} ${username}`, address)
    const undecided = (error: unknown): never => {
      attempt.undecided()
      throw error
    }
    const old = accountOf({ username, password: oldPassword })
    const isRight = old === undefined ? false : await passwords.isRight(old).catch(undecided)
    if (!isRight) throw this.#refusal(PASSWORD_METHOD, { reason: 'wrong old password' })
    attempt.succeeded()
    const account = accountOf({ username, password: newPassword })
    if (account === undefined) throw authError('AUTH_BAD_REQUEST', 'expected a new password')
    const record = await passwords.record(account)
    await this.#c.serial(async () => {
      // revoked meanwhile
      await sessions.withRoot(keyId)
      await sessions.endOthers(keyId, familyId, [{ put: 'credential', record }])
    })
    this.#c.logger.info({ keyId }, 'password changed')
  }

  /** Whether the chain still stands by a root key whose subject may change. @throws AUTH_REFUSED, AUTH_CHAIN_UNAVAILABLE */
  async assertStill({ root }: KeyWithRoot, options: Signalled): Promise<void> {
    const verifier = this.#verifiers.get(root.method)
    if (root.witness === undefined || verifier?.isStill === undefined) return
    const subject: WalletSubject = {
      subject: root.subject,
      mayChange: true,
      witness: root.witness.value,
    }
    if (await verifier.isStill(subject, options)) return
    throw this.#refusal(root.method, { reason: 'the chain does not stand by the key any more' })
  }

  #refusal(method: string, { reason }: Readonly<Record<string, unknown>>): Error {
    this.#c.metrics.signIns.inc({ method, outcome: 'refused' })
    const text = printable(typeof reason === 'string' ? reason : 'no reason given', 200)
    this.#c.logger.info({ method, reason: text }, 'sign-in refused')
    return authError('AUTH_REFUSED', 'Authentication failed')
  }

  async #provePassword(data: unknown): Promise<Proof> {
    const { passwords } = this.#c
    const account = accountOf(data)
    if (passwords === undefined || account === undefined) throw refused('no user name and password')
    const isRight = await passwords.isRight(account)
    return {
      keyId: passwordKeyId(account.username),
      subject: account.username,
      isRight,
      credential: () => passwords.record(account),
    }
  }

  async #proveWallet(request: SignInRequest, options: Signalled): Promise<Proof> {
    const { method, publicKey, data } = request
    const verifier = this.#verifiers.get(method)
    if (verifier === undefined) throw unknownMethod(method)
    const { challenges } = this.#c
    // a client that names none sends the text back, which may be written anew and no more the same
    const names = [request.challenge ?? messageOf(data), verifier.nonceOf?.(data)]
    const nonce = names.map((name) => challenges.find(name)).find((found) => found !== undefined)
    const pending = challenges.take(nonce)
    if (pending === undefined)
      throw refused('no such challenge, or it was answered before, or is over')
    if (pending.method !== method) throw refused('the challenge is one of another method')
    const { terms, challenge } = pending
    const found = await verifier.verify({ terms, challenge, publicKey, data }, options)
    const { subject, mayChange = false, witness } = found
    if (JSON.stringify(witness ?? null).length > MAX_WITNESS_BYTES) {
      throw new TypeError(`the verifier of ${method} keeps a witness that is too large`)
    }
    return {
      keyId: subjectKeyId(subject),
      subject,
      isRight: true,
      witness: mayChange ? { value: witness } : undefined,
    }
  }

  /** The session of who was proved. Within the serial. */
  async #enter(request: SignInRequest, proof: Proof, from: Origin): Promise<TokenPair> {
    const { store, sessions } = this.#c
    const stored = await store.key(proof.keyId)
    if (stored === undefined) {
      const [root, changes] = await this.#first(request, proof, from)
      return sessions.begin({ key: root, root }, changes)
    }
    if (!proof.isRight) throw refused('wrong password')
    if (stored.revokedAtMs !== undefined) throw refused('the key is revoked')
    if (stored.method !== request.method) throw refused('the key is one of another method')
    const root: KeyRecord = { ...stored, witness: proof.witness }
    const hasChanged = JSON.stringify(root.witness) !== JSON.stringify(stored.witness)
    return sessions.begin({ key: root, root }, hasChanged ? [{ put: 'key', record: root }] : [])
  }

  /** The key of the first administrator. @throws AUTH_REFUSED there is one, or it may not be made from there */
  async #first(
    { method, publicKey, clientName }: SignInRequest,
    { keyId, subject, credential, witness }: Proof,
    from: Origin,
  ): Promise<[KeyRecord, readonly KeyChange[]]> {
    if (await this.#c.store.isBootstrapped()) throw refused('no key of this account')
    if (!mayBootstrap(this.#init.bootstrap, from)) {
      throw refused('the first sign-in may not come from there without the secret')
    }
    const root: KeyRecord = {
      id: keyId,
      rootKeyId: keyId,
      method,
      subject,
      publicKey,
      name: clientName,
      permissions: ['admin'],
      createdAtMs: this.#c.clock.nowMs(),
      witness,
    }
    this.#c.logger.info({ method, keyId }, 'first administrator made')
    const changes: KeyChange[] = [{ put: 'key', record: root }, { put: 'bootstrapped' }]
    if (credential !== undefined) changes.push({ put: 'credential', record: await credential() })
    return [root, changes]
  }
}

/** The key of what a wallet proved: SHA-256, hexadecimal. */
export function subjectKeyId(subject: string): string {
  return createHash('sha256').update(subject).digest('hex')
}

function messageOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('message' in data)) return undefined
  return typeof data.message === 'string' ? data.message : undefined
}

/** @throws AUTH_BAD_REQUEST (input) */
function assertNames(names: Readonly<Record<string, string | undefined>>): void {
  for (const [field, text] of Object.entries(names)) {
    if (text === undefined || text.length <= MAX_NAME_CHARS) continue
    throw authError('AUTH_BAD_REQUEST', `expected at most ${MAX_NAME_CHARS} characters`, { field })
  }
}

export function unknownMethod(method: string): Error {
  const shown = printable(method, 40)
  return authError('AUTH_METHOD_UNKNOWN', `there is no way to sign in called ${shown}`)
}
