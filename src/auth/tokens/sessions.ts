/**
 * Sessions: pairs of tokens, how the next pair follows, and who a token is for. What a token rests on is stored before the token is handed out, so
 * none is ever met that the store does not know; what ends a session is stored before anything else is done.
 */
import { LRUCache } from 'lru-cache'
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock, Random } from '../../node/primitives/clock.ts'
import { authError } from '../errors.ts'
import type { Caller, TokenPair } from '../interface.ts'
import type { FamilyRecord, KeyChange, KeyRecord, KeyStore } from '../keys/key-store.ts'
import { MAX_FAMILIES, MAX_VERIFIED } from '../limits.ts'
import type { AuthMetrics } from '../metrics.ts'
import { PermissionSet } from '../permissions/permission-set.ts'
import type { Serial } from '../serial.ts'
import type { Claims, Tokens } from './tokens.ts'

export interface SessionsInit {
  readonly accessMs: number
  readonly refreshMs: number
  readonly leewayMs: number
}

export interface SessionsComponents {
  readonly store: KeyStore
  readonly tokens: Tokens
  readonly clock: Clock
  readonly random: Random
  readonly serial: Serial
  readonly metrics: AuthMetrics
  /** See Auth.onRevoked. */
  readonly revoked: (keyId: string, familyId: string | undefined) => void
}

/** A key with the one above it; of a root key the same twice. */
export interface KeyWithRoot {
  readonly key: KeyRecord
  readonly root: KeyRecord
}

export class Sessions {
  readonly #init: SessionsInit
  readonly #c: SessionsComponents
  readonly #verified = new LRUCache<string, Caller>({ max: MAX_VERIFIED })
  /** Counts what ended or narrowed sessions: rows read before are not believed afterwards. */
  #endings = 0

  constructor(init: SessionsInit, components: SessionsComponents) {
    this.#init = init
    this.#c = components
  }

  /** Who an access token is for; see Auth.verify. */
  verify(token: string): Promise<Caller> | Caller {
    const known = this.#verified.get(token)
    const isGood =
      known !== undefined && this.#c.clock.nowMs() < known.expiresAtMs + this.#init.leewayMs
    if (!isGood) return this.#verifyAnew(token)
    this.#c.metrics.verifications.inc({ outcome: 'remembered' })
    return known
  }

  async #verifyAnew(token: string): Promise<Caller> {
    this.#verified.delete(token)
    try {
      const claims = this.#c.tokens.read(token, 'access')
      for (;;) {
        const endings = this.#endings
        const { key, root } = await this.#goodKey(claims)
        // what was revoked while rows were read may not be remembered as good
        if (endings !== this.#endings) continue
        const caller = callerOf(claims, { key, root })
        this.#verified.set(token, caller)
        this.#c.metrics.verifications.inc({ outcome: 'verified' })
        return caller
      }
    } catch (error) {
      this.#c.metrics.verifications.inc({ outcome: 'refused' })
      throw error
    }
  }

  /** A key and the one above it, neither revoked. @throws AUTH_TOKEN_INVALID, AUTH_TOKEN_REVOKED */
  async withRoot(keyId: string): Promise<KeyWithRoot> {
    const key = await this.#c.store.key(keyId)
    const isRoot = key?.rootKeyId === key?.id
    const root = key === undefined || isRoot ? key : await this.#c.store.key(key.rootKeyId)
    if (key === undefined || root === undefined) {
      throw authError('AUTH_TOKEN_INVALID', 'the token is not valid here', {
        reason: 'no such key',
      })
    }
    if (key.revokedAtMs !== undefined || root.revokedAtMs !== undefined) throw revokedError()
    return { key, root }
  }

  async #goodKey(claims: Claims): Promise<KeyWithRoot> {
    const family = await this.#c.store.family(claims.sub, claims.fam)
    const keys = await this.withRoot(claims.sub)
    // a session that was swept away, or made room for a newer one, is over as well
    if (family === undefined || family.revokedAtMs !== undefined) throw revokedError()
    return keys
  }

  /**
   * The first pair of a new session; `changes` are stored with it. The oldest sessions of the key end when there are too many. Called within
   * {@link SessionsComponents.serial}, together with what was read before.
   */
  async begin({ key, root }: KeyWithRoot, changes: readonly KeyChange[] = []): Promise<TokenPair> {
    const { store, clock, random } = this.#c
    const now = clock.nowMs()
    const family: FamilyRecord = {
      id: toHex(random.bytes(16)),
      keyId: key.id,
      refreshId: toHex(random.bytes(16)),
      createdAtMs: now,
      expiresAtMs: now + this.#init.refreshMs,
    }
    const others = [...(await store.families(key.id))].sort((a, b) => a.expiresAtMs - b.expiresAtMs)
    const ended = others.slice(0, Math.max(0, others.length + 1 - MAX_FAMILIES))
    await store.write([
      ...changes,
      { put: 'family', record: family },
      ...ended.map(({ id, keyId }): KeyChange => ({ del: 'family', id, keyId })),
    ])
    for (const { id, keyId } of ended) this.forget(keyId, id)
    return this.#pair({ key, root }, family)
  }

  /**
   * Uses up a refresh token. `mayGoOn` is asked last before that, once the token is known to be good; what it throws leaves the token as it was.
   * @throws see Auth.refresh
   */
  async next(
    refreshToken: string,
    accessToken: string | undefined,
    early: boolean,
    mayGoOn: (keys: KeyWithRoot) => Promise<void>,
  ): Promise<TokenPair> {
    const claims = this.#c.tokens.read(refreshToken, 'refresh')
    await this.#c.serial(() => this.#familyOf(claims))
    if (!early && accessToken !== undefined) this.#assertOver(accessToken)
    await mayGoOn(await this.withRoot(claims.sub))
    return this.#c.serial(async () => {
      const family = await this.#familyOf(claims)
      const keys = await this.withRoot(claims.sub)
      const now = this.#c.clock.nowMs()
      const record: FamilyRecord = {
        ...family,
        refreshId: toHex(this.#c.random.bytes(16)),
        expiresAtMs: now + this.#init.refreshMs,
      }
      await this.#c.store.write([{ put: 'family', record }])
      return this.#pair(keys, record)
    })
  }

  /** The family of a refresh token that was not used before; one that was ends the family. Within {@link SessionsComponents.serial}. */
  async #familyOf(claims: Claims): Promise<FamilyRecord> {
    const family = await this.#c.store.family(claims.sub, claims.fam)
    if (family === undefined) throw revokedError()
    if (family.refreshId === claims.jti) {
      if (family.revokedAtMs !== undefined) throw revokedError()
      return family
    }
    if (family.revokedAtMs === undefined) await this.#end(family)
    throw authError('AUTH_TOKEN_REUSED', 'the refresh token was used before: sign in again')
  }

  /** @throws AUTH_TOKEN_STILL_VALID */
  #assertOver(accessToken: string): void {
    try {
      const { exp } = this.#c.tokens.read(accessToken, 'access')
      // the leeway is for clocks that differ, and this is the clock that made it
      if (this.#c.clock.nowMs() >= exp * 1000) return
    } catch {
      return // expired, or none at all: the refresh token is what counts
    }
    throw authError('AUTH_TOKEN_STILL_VALID', 'Access token still valid')
  }

  /** Ends one session for good. Safe to repeat. */
  async end(keyId: string, familyId: string): Promise<void> {
    await this.#c.serial(async () => {
      const family = await this.#c.store.family(keyId, familyId)
      if (family !== undefined && family.revokedAtMs === undefined) await this.#end(family)
    })
  }

  /** Stores `changes`, and with them the end of all sessions of a key but one. Within {@link SessionsComponents.serial}. */
  async endOthers(keyId: string, familyId: string, changes: readonly KeyChange[]): Promise<void> {
    const { store, clock } = this.#c
    const others = (await store.families(keyId)).filter(
      ({ id, revokedAtMs }) => id !== familyId && revokedAtMs === undefined,
    )
    const revokedAtMs = clock.nowMs()
    const ends = others.map((each): KeyChange => {
      return { put: 'family', record: { ...each, revokedAtMs } }
    })
    await store.write([...changes, ...ends])
    for (const { id } of others) this.forget(keyId, id)
  }

  async #end(family: FamilyRecord): Promise<void> {
    const record = { ...family, revokedAtMs: this.#c.clock.nowMs() }
    await this.#c.store.write([{ put: 'family', record }])
    this.forget(family.keyId, family.id)
  }

  /** Removes sessions of a key that are over by themselves; returns the others. Within {@link SessionsComponents.serial}. */
  async sweep(keyId: string): Promise<readonly FamilyRecord[]> {
    const families = await this.#c.store.families(keyId)
    const limit = this.#c.clock.nowMs() - this.#init.leewayMs
    const [over, rest] = [
      families.filter(({ expiresAtMs }) => expiresAtMs < limit),
      families.filter(({ expiresAtMs }) => expiresAtMs >= limit),
    ]
    if (over.length > 0) {
      await this.#c.store.write(over.map(({ id }) => ({ del: 'family', id, keyId })))
    }
    return rest
  }

  /** Tokens of a key, or of one family, are asked about anew from now on; listeners hear of it. The rows say so already. */
  forget(keyId: string, familyId?: string): void {
    this.#endings++
    for (const [token, caller] of this.#verified.entries()) {
      const isOfKey = caller.keyId === keyId || caller.rootKeyId === keyId
      if (isOfKey && (familyId === undefined || caller.familyId === familyId)) {
        this.#verified.delete(token)
      }
    }
    this.#c.revoked(keyId, familyId)
  }

  #pair({ key }: KeyWithRoot, family: FamilyRecord): TokenPair {
    const iat = Math.floor(this.#c.clock.nowMs() / 1000)
    const { accessMs, refreshMs } = this.#init
    const common = { sub: key.id, fam: family.id, permissions: key.permissions, iat }
    const [exp, refreshExp] = [iat + Math.ceil(accessMs / 1000), iat + Math.ceil(refreshMs / 1000)]
    const jti = toHex(this.#c.random.bytes(16))
    return {
      accessToken: this.#c.tokens.sign({ ...common, jti, token_type: 'access', exp }),
      refreshToken: this.#c.tokens.sign({
        ...common,
        jti: family.refreshId,
        token_type: 'refresh',
        exp: refreshExp,
      }),
      expiresAtMs: exp * 1000,
      refreshExpiresAtMs: refreshExp * 1000,
      keyId: key.id,
      permissions: key.permissions,
    }
  }
}

/** What a key may do: a client key nothing that its root key may not. */
export function permissionsOf({ key, root }: KeyWithRoot): PermissionSet {
  const above = key.id === root.id ? undefined : PermissionSet.from(root.permissions)
  return PermissionSet.from(key.permissions, above)
}

function callerOf(claims: Claims, keys: KeyWithRoot): Caller {
  return {
    keyId: keys.key.id,
    rootKeyId: keys.root.id,
    familyId: claims.fam,
    tokenId: claims.jti,
    permissions: permissionsOf(keys),
    expiresAtMs: claims.exp * 1000,
  }
}

function revokedError(): Error {
  return authError('AUTH_TOKEN_REVOKED', 'the token was revoked')
}
