/** Seeing to keys: {@link Keys}. Every change is stored before it is answered, and holds at once for tokens in use. */
import { toHex } from '../../node/primitives/bytes.ts'
import type { Clock, Random } from '../../node/primitives/clock.ts'
import { authError } from '../errors.ts'
import type {
  Caller,
  KeyInfo,
  Keys,
  NewClientKey,
  NewRootKey,
  PermissionChange,
  TokenPair,
} from '../interface.ts'
import { MAX_CLIENT_KEYS, MAX_NAME_CHARS, MAX_ROOT_KEYS } from '../limits.ts'
import { parsePermission, parsePermissions, type Permission } from '../permissions/grammar.ts'
import { PermissionSet, required } from '../permissions/permission-set.ts'
import type { Serial } from '../serial.ts'
import { accountOf, PASSWORD_METHOD, passwordKeyId, type Passwords } from '../sign-in/passwords.ts'
import { subjectKeyId, unknownMethod } from '../sign-in/sign-in.ts'
import { permissionsOf, type Sessions } from '../tokens/sessions.ts'
import type { KeyChange, KeyRecord, KeyStore } from './key-store.ts'

/** Method of keys that the operator makes on the machine itself. */
export const OPERATOR_METHOD = 'operator'
const ADMIN = required('admin')

export interface KeyAdminComponents {
  readonly store: KeyStore
  readonly sessions: Sessions
  readonly passwords: Passwords | undefined
  readonly serial: Serial
  readonly clock: Clock
  readonly random: Random
  /** Wallets that may prove a key. */
  readonly methods: readonly string[]
}

export class KeyAdmin implements Keys {
  readonly #c: KeyAdminComponents

  constructor(components: KeyAdminComponents) {
    this.#c = components
  }

  async list(): Promise<readonly KeyInfo[]> {
    return (await this.#c.store.rootKeys()).map((key) => infoOf(key, key))
  }

  async clients(rootKeyId?: string): Promise<readonly KeyInfo[]> {
    const { store } = this.#c
    const roots = (await store.rootKeys()).filter(
      ({ id }) => rootKeyId === undefined || id === rootKeyId,
    )
    const infos: KeyInfo[] = []
    for (const root of roots) {
      for (const key of await store.clientKeys(root.id)) infos.push(infoOf(key, root))
    }
    return infos
  }

  async create(caller: Caller, wanted: NewRootKey): Promise<KeyInfo> {
    const permissions = parsePermissions(wanted.permissions ?? ['admin'])
    // before a password is hashed for him
    assertCovers(caller, permissions)
    const { id, subject, changes } = await this.#proofOf(wanted)
    const { publicKey = '', name = '' } = wanted
    if (Math.max(publicKey.length, name.length, subject.length) > MAX_NAME_CHARS) throw tooLong()
    return this.#c.serial(async () => {
      const { store, clock } = this.#c
      const others = await store.rootKeys()
      if (others.some((key) => key.id === id)) {
        throw authError('AUTH_KEY_CONFLICT', 'there is a key of this account already')
      }
      if (others.length >= MAX_ROOT_KEYS) throw tooMany('root keys', MAX_ROOT_KEYS)
      const record: KeyRecord = {
        id,
        rootKeyId: id,
        method: wanted.method,
        subject,
        publicKey,
        name,
        permissions: permissions.map(({ text }) => text),
        createdAtMs: clock.nowMs(),
      }
      await this.#assertStill(caller, permissions)
      await store.write([{ put: 'key', record }, ...changes])
      return infoOf(record, record)
    })
  }

  async clientKey(caller: Caller, request: NewClientKey): Promise<TokenPair> {
    const { contextId = '', contextIdentity = '', permissions, name = '' } = request
    if (name.length > MAX_NAME_CHARS) throw tooLong()
    const isScoped = contextId !== '' || contextIdentity !== ''
    const scope = isScoped ? [`context[${contextId},${contextIdentity}]`] : []
    const wanted = parsePermissions([...scope, ...permissions])
    return this.#c.serial(async () => {
      const { store, sessions, clock, random } = this.#c
      await this.#assertStill(caller, [...parsePermissions(['admin']), ...wanted])
      const { root } = await sessions.withRoot(caller.keyId)
      const count = await store.countClientKeys(root.id)
      if (count >= MAX_CLIENT_KEYS) throw tooMany('client keys', MAX_CLIENT_KEYS)
      const key: KeyRecord = {
        id: toHex(random.bytes(32)),
        rootKeyId: root.id,
        method: root.method,
        subject: '',
        publicKey: '',
        name,
        permissions: wanted.map(({ text }) => text),
        createdAtMs: clock.nowMs(),
      }
      return sessions.begin({ key, root }, [{ put: 'key', record: key }])
    })
  }

  /** See Auth.mint. */
  async mint({
    name,
    permissions,
  }: {
    name: string
    permissions: readonly string[]
  }): Promise<TokenPair> {
    const wanted = parsePermissions(permissions).map(({ text }) => text)
    if (name.length > MAX_NAME_CHARS) throw tooLong()
    const subject = `${OPERATOR_METHOD}:${name}`
    const id = subjectKeyId(subject)
    return this.#c.serial(async () => {
      const { store, sessions, clock } = this.#c
      const stored = await store.key(id)
      const isRoom = stored !== undefined || (await store.rootKeys()).length < MAX_ROOT_KEYS
      if (!isRoom) throw tooMany('root keys', MAX_ROOT_KEYS)
      const key: KeyRecord = {
        id,
        rootKeyId: id,
        method: OPERATOR_METHOD,
        subject,
        publicKey: '',
        name,
        permissions: wanted,
        createdAtMs: stored?.createdAtMs ?? clock.nowMs(),
      }
      const pair = await sessions.begin({ key, root: key }, [{ put: 'key', record: key }])
      // what was minted under this name before has the new permissions from now on
      if (stored !== undefined) sessions.forget(id)
      return pair
    })
  }

  async revoke(caller: Caller, keyId: string): Promise<void> {
    await this.#c.serial(async () => {
      const key = await this.#find(keyId)
      if (key.id !== key.rootKeyId) throw notFound(keyId)
      await this.#assertMayTouch(caller, key)
      if (key.revokedAtMs !== undefined) return
      await this.#assertNotLast(key)
      await this.#revoke(key)
      for (const client of await this.#c.store.clientKeys(key.id)) {
        this.#c.sessions.forget(client.id)
      }
    })
  }

  async revokeClient(caller: Caller, clientId: string, rootKeyId?: string): Promise<void> {
    await this.#c.serial(async () => {
      const key = await this.#find(clientId)
      const isClient = key.id !== key.rootKeyId && (rootKeyId ?? key.rootKeyId) === key.rootKeyId
      if (!isClient) throw notFound(clientId)
      await this.#assertMayTouch(caller, key)
      if (key.revokedAtMs === undefined) await this.#revoke(key)
    })
  }

  async permissions(keyId: string): Promise<readonly string[]> {
    return (await this.#find(keyId)).permissions
  }

  async changePermissions(
    caller: Caller,
    keyId: string,
    { add = [], remove = [], all }: PermissionChange,
  ): Promise<readonly string[]> {
    const added = parsePermissions([...(all ?? []), ...add])
    const removed = new Set(remove.map((text) => parsePermission(text)?.text ?? text))
    return this.#c.serial(async () => {
      const key = await this.#find(keyId)
      await this.#assertMayTouch(caller, key)
      await this.#assertStill(caller, added)
      const kept = all === undefined ? key.permissions.filter((text) => !removed.has(text)) : []
      const permissions = parsePermissions([...kept, ...added.map(({ text }) => text)]).map(
        ({ text }) => text,
      )
      if (!permissions.includes('admin')) await this.#assertNotLast(key)
      await this.#c.store.write([{ put: 'key', record: { ...key, permissions } }])
      const clients = key.id === key.rootKeyId ? await this.#c.store.clientKeys(key.id) : []
      for (const { id } of [key, ...clients]) this.#c.sessions.forget(id)
      return permissions
    })
  }

  async #revoke(key: KeyRecord): Promise<void> {
    const record = { ...key, revokedAtMs: this.#c.clock.nowMs() }
    await this.#c.store.write([{ put: 'key', record }])
    this.#c.sessions.forget(key.id)
  }

  async #find(keyId: string): Promise<KeyRecord> {
    const key = await this.#c.store.key(keyId)
    if (key === undefined) throw notFound(keyId)
    return key
  }

  /** What a new root key is proved by, and what is stored for that. */
  async #proofOf({
    method,
    subject = '',
    data,
  }: NewRootKey): Promise<{ id: string; subject: string; changes: readonly KeyChange[] }> {
    const { passwords, methods } = this.#c
    if (method === PASSWORD_METHOD && passwords !== undefined) {
      const account = accountOf(data)
      if (account === undefined) throw badRequest('expected data with username and password')
      const record = await passwords.record(account)
      const changes: KeyChange[] = [{ put: 'credential', record }]
      return { id: passwordKeyId(account.username), subject: account.username, changes }
    }
    if (!methods.includes(method)) throw unknownMethod(method)
    if (!/^[a-z]+:[\x21-\x7e]+$/.test(subject)) {
      throw badRequest('expected the subject that the wallet proves, as in near:alice.near')
    }
    return { id: subjectKeyId(subject), subject, changes: [] }
  }

  /** Nobody touches a key that may do more than his own. */
  async #assertMayTouch(caller: Caller, key: KeyRecord): Promise<void> {
    const texts = key.permissions.map(parsePermission).filter((each) => each !== undefined)
    await this.#assertStill(caller, texts)
  }

  /** What the caller holds by the rows: his token may be older than a change. */
  async #assertStill(caller: Caller, wanted: readonly Permission[]): Promise<void> {
    const now = permissionsOf(await this.#c.sessions.withRoot(caller.keyId))
    assertCovers({ permissions: now }, wanted)
  }

  /** @throws AUTH_KEY_CONFLICT nobody would be left who can sign in and may do everything */
  async #assertNotLast(key: KeyRecord): Promise<void> {
    if (!isAdministrator(key)) return
    const roots = await this.#c.store.rootKeys()
    if (roots.some((other) => other.id !== key.id && isAdministrator(other))) return
    throw authError('AUTH_KEY_CONFLICT', 'the last administrator cannot be removed')
  }
}

function isAdministrator({ id, rootKeyId, method, permissions, revokedAtMs }: KeyRecord): boolean {
  if (id !== rootKeyId || method === OPERATOR_METHOD || revokedAtMs !== undefined) return false
  return PermissionSet.from(permissions).allows(ADMIN)
}

function infoOf(key: KeyRecord, root: KeyRecord): KeyInfo {
  const { id, rootKeyId, method, subject, publicKey, name, permissions } = key
  const { createdAtMs, revokedAtMs } = key
  const isValid = revokedAtMs === undefined && root.revokedAtMs === undefined
  const who = { id, rootKeyId, method, subject, publicKey, name }
  return { ...who, permissions, createdAtMs, revokedAtMs, isValid }
}

/** @throws AUTH_PERMISSION_DENIED */
function assertCovers(
  { permissions }: Pick<Caller, 'permissions'>,
  wanted: readonly Permission[],
): void {
  const lacking = wanted.find((permission) => !permissions.covers(permission))
  if (lacking !== undefined) throw denied(`${lacking.text} is not held by the caller`)
}

function denied(message: string): Error {
  return authError('AUTH_PERMISSION_DENIED', message)
}

function badRequest(message: string): Error {
  return authError('AUTH_BAD_REQUEST', message)
}

function tooLong(): Error {
  return badRequest(`expected names of at most ${MAX_NAME_CHARS} characters`)
}

function notFound(keyId: string): Error {
  return authError('AUTH_KEY_NOT_FOUND', 'there is no such key', { keyId: keyId.slice(0, 64) })
}

function tooMany(what: string, limit: number): Error {
  return authError('AUTH_LIMIT', `expected at most ${limit} ${what}`, { limit })
}
