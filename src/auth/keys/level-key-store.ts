/**
 * {@link KeyStore} over the port of a database of its own. A row is JSON; private keys and passwords are sealed under a key derived from the node's own.
 * One byte of column, then ids as text: `0x01 id` root keys, `0x02 id` client keys, `0x03 root client` index, `0x04 key family`, `0x05 kid`,
 * `0x06 id` credentials, `0x00 name` the rest.
 */
import { z } from 'zod'
import { type AtRest, atRest } from '../../node/crypto/at-rest.ts'
import { concat, EMPTY, fromHex, fromUtf8, toHex, utf8 } from '../../node/primitives/bytes.ts'
import type { Random } from '../../node/primitives/clock.ts'
import type { BatchOp, Range, Store } from '../../node/store/store.ts'
import { authError } from '../errors.ts'
import { MAX_ROW_BYTES } from '../limits.ts'
import type {
  CredentialRecord,
  FamilyRecord,
  KeyChange,
  KeyRecord,
  KeyStore,
  SigningKeyRecord,
} from './key-store.ts'

const COLUMN = { global: 0, root: 1, client: 2, clientOf: 3, family: 4, signing: 5, password: 6 }

/** Version of this layout. A database with another is refused. */
const VERSION = '1'

const ms = z.number().nonnegative()
const id = z.string().regex(/^[0-9a-f]{64}$/)
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/)

const keyRow: z.ZodType<KeyRecord> = z.strictObject({
  id,
  rootKeyId: id,
  method: z.string(),
  subject: z.string(),
  publicKey: z.string(),
  name: z.string(),
  permissions: z.array(z.string()),
  createdAtMs: ms,
  revokedAtMs: ms.optional(),
  witness: z.strictObject({ value: z.unknown().optional() }).optional(),
})
const familyRow: z.ZodType<FamilyRecord> = z.strictObject({
  id: z.string(),
  keyId: id,
  refreshId: z.string(),
  createdAtMs: ms,
  expiresAtMs: ms,
  revokedAtMs: ms.optional(),
})
const signingRow = z.strictObject({
  kid: z.string(),
  pkcs8: hex,
  createdAtMs: ms,
  activeAtMs: ms,
})
const passwordRow = z.strictObject({
  keyId: id,
  cost: z.strictObject({ n: z.int(), r: z.int(), p: z.int() }),
  salt: hex,
  hash: hex,
})

/** Opens what a database holds, or begins it. @throws AUTH_STORE_CORRUPT another version wrote it */
export async function levelKeyStore(
  store: Store,
  seed: Uint8Array,
  random: Random,
): Promise<KeyStore> {
  const versionKey = rowKey(COLUMN.global, 'version')
  const version = await store.get(versionKey)
  if (version === undefined) {
    await store.batch([{ type: 'put', key: versionKey, value: utf8(VERSION) }], { sync: true })
  } else if (fromUtf8(version) !== VERSION) {
    throw corrupt(`expected rows of version ${VERSION}, another release of merogate wrote these`)
  }
  return new LevelKeyStore(store, atRest(seed, random))
}

class LevelKeyStore implements KeyStore {
  readonly #store: Store
  readonly #atRest: AtRest

  constructor(store: Store, sealer: AtRest) {
    this.#store = store
    this.#atRest = sealer
  }

  async key(keyId: string): Promise<KeyRecord | undefined> {
    for (const column of [COLUMN.root, COLUMN.client]) {
      const found = await this.#store.get(rowKey(column, keyId))
      if (found !== undefined) return read(keyRow, found)
    }
    return undefined
  }

  rootKeys(): Promise<readonly KeyRecord[]> {
    return this.#list(keyRow, rangeOf(COLUMN.root))
  }

  async clientKeys(rootKeyId: string): Promise<readonly KeyRecord[]> {
    const keys: KeyRecord[] = []
    for await (const index of this.#store.keys(rangeOf(COLUMN.clientOf, rootKeyId))) {
      const found = await this.key(fromUtf8(index.subarray(1 + rootKeyId.length)))
      if (found !== undefined) keys.push(found)
    }
    return keys
  }

  async countClientKeys(rootKeyId: string): Promise<number> {
    let count = 0
    for await (const _ of this.#store.keys(rangeOf(COLUMN.clientOf, rootKeyId))) count++
    return count
  }

  async family(keyId: string, familyId: string): Promise<FamilyRecord | undefined> {
    const found = await this.#store.get(rowKey(COLUMN.family, keyId, familyId))
    return found === undefined ? undefined : read(familyRow, found)
  }

  families(keyId: string): Promise<readonly FamilyRecord[]> {
    return this.#list(familyRow, rangeOf(COLUMN.family, keyId))
  }

  async signingKeys(): Promise<readonly SigningKeyRecord[]> {
    const keys: SigningKeyRecord[] = []
    for await (const [, row] of this.#store.iterate(rangeOf(COLUMN.signing))) {
      const { pkcs8, ...rest } = read(signingRow, this.#atRest.open(row))
      keys.push({ ...rest, pkcs8: fromHex(pkcs8) })
    }
    return keys
  }

  async credential(keyId: string): Promise<CredentialRecord | undefined> {
    const found = await this.#store.get(rowKey(COLUMN.password, keyId))
    if (found === undefined) return undefined
    const { salt, hash, ...rest } = read(passwordRow, this.#atRest.open(found))
    return { ...rest, salt: fromHex(salt), hash: fromHex(hash) }
  }

  async isBootstrapped(): Promise<boolean> {
    return (await this.#store.get(rowKey(COLUMN.global, 'bootstrapped'))) !== undefined
  }

  async write(changes: readonly KeyChange[]): Promise<void> {
    await this.#store.batch(
      changes.flatMap((change) => this.#opsOf(change)),
      { sync: true },
    )
  }

  #opsOf(change: KeyChange): BatchOp[] {
    if ('del' in change) return removals(change)
    switch (change.put) {
      case 'key': {
        const { record } = change
        if (record.id === record.rootKeyId) return [put(rowKey(COLUMN.root, record.id), record)]
        return [
          put(rowKey(COLUMN.client, record.id), record),
          { type: 'put', key: rowKey(COLUMN.clientOf, record.rootKeyId, record.id), value: EMPTY },
        ]
      }
      case 'family':
        return [put(rowKey(COLUMN.family, change.record.keyId, change.record.id), change.record)]
      case 'signingKey': {
        const { record } = change
        const row = { ...record, pkcs8: toHex(record.pkcs8) }
        return [this.#sealed(rowKey(COLUMN.signing, record.kid), row)]
      }
      case 'credential': {
        const { record } = change
        const row = { ...record, salt: toHex(record.salt), hash: toHex(record.hash) }
        return [this.#sealed(rowKey(COLUMN.password, record.keyId), row)]
      }
      case 'bootstrapped':
        return [{ type: 'put', key: rowKey(COLUMN.global, 'bootstrapped'), value: EMPTY }]
    }
  }

  #sealed(key: Uint8Array, row: object): BatchOp {
    return { type: 'put', key, value: this.#atRest.seal(utf8(JSON.stringify(row))) }
  }

  async #list<Row>(schema: z.ZodType<Row>, range: Range): Promise<readonly Row[]> {
    const rows: Row[] = []
    for await (const [, row] of this.#store.iterate(range)) rows.push(read(schema, row))
    return rows
  }
}

function removals(change: Extract<KeyChange, { del: string }>): BatchOp[] {
  const del = (key: Uint8Array): BatchOp => ({ type: 'del', key })
  switch (change.del) {
    case 'key': {
      const isRoot = change.id === change.rootKeyId
      if (isRoot)
        return [del(rowKey(COLUMN.root, change.id)), del(rowKey(COLUMN.password, change.id))]
      return [
        del(rowKey(COLUMN.client, change.id)),
        del(rowKey(COLUMN.clientOf, change.rootKeyId, change.id)),
      ]
    }
    case 'family':
      return [del(rowKey(COLUMN.family, change.keyId, change.id))]
    case 'signingKey':
      return [del(rowKey(COLUMN.signing, change.kid))]
  }
}

function rowKey(column: number, ...parts: readonly string[]): Uint8Array {
  return concat(Uint8Array.of(column), utf8(parts.join('')))
}

function rangeOf(column: number, prefix = ''): Range {
  // ids are hexadecimal or base64url: no byte of theirs is 0xff
  return { gte: rowKey(column, prefix), lt: concat(rowKey(column, prefix), Uint8Array.of(0xff)) }
}

function put(key: Uint8Array, record: object): BatchOp {
  return { type: 'put', key, value: utf8(JSON.stringify(record)) }
}

function read<Row>(schema: z.ZodType<Row>, row: Uint8Array): Row {
  if (row.length > MAX_ROW_BYTES) throw corrupt(`a row of ${row.length} bytes is none of ours`)
  try {
    return schema.parse(JSON.parse(fromUtf8(row)))
  } catch (cause) {
    throw corrupt('a row of the sign-in database cannot be read', cause)
  }
}

function corrupt(message: string, cause?: unknown): Error {
  return authError('AUTH_STORE_CORRUPT', message, {}, { cause })
}
