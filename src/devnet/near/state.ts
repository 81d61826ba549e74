/** Accounts, access keys, contract data and code: what blocks change, and what it was at the last blocks. */
import { fromHex, toBase58, toHex } from '../../node/primitives/bytes.ts'
import { sha256 } from '../../node/primitives/hash.ts'
import { Ledger, type LedgerCopy, type LedgerReader, type Touch } from '../shared/ledger.ts'
import { knownKeyBytes } from './codec/keys.ts'
import { accessKeyBytes } from './codec/transaction.ts'
import type { Parameters } from './parameters.ts'
import type { AccessKey, Account, GlobalCodeId, PublicKey } from './types.ts'

export interface StateTables {
  accounts: Account
  /** By account and public key. */
  keys: AccessKey
  /** By account and key; both as Latin-1, which keeps the order of bytes. */
  data: Uint8Array
  /** Hash of an account's own code. */
  deployed: string
  /** Hash of global code, by its own hash or by an account. */
  globals: string
}

const TABLES = ['accounts', 'keys', 'data', 'deployed', 'globals'] as const
const NO_CODE = toBase58(new Uint8Array(32))

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Code and its hash. */
export interface ContractCode {
  /** Hexadecimal SHA-256. */
  readonly hash: string
  readonly bytes: Uint8Array
}

/** State as it was when a block ended. */
export class StateView {
  readonly #tables: LedgerReader<StateTables>
  /** By hexadecimal hash. Code is never forgotten, for old blocks may have had it. */
  protected readonly codes: Map<string, Uint8Array>

  constructor(tables: LedgerReader<StateTables>, codes: Map<string, Uint8Array>) {
    this.#tables = tables
    this.codes = codes
  }

  account(id: string): Account | undefined {
    return this.#tables.get('accounts', id)
  }

  key(id: string, publicKey: PublicKey): AccessKey | undefined {
    return this.#tables.get('keys', `${id}/${publicKey}`)
  }

  keysOf(id: string): readonly (readonly [PublicKey, AccessKey])[] {
    return this.#tables.keys('keys', `${id}/`).flatMap((at) => {
      const key = this.#tables.get('keys', at)
      return key === undefined ? [] : [[at.slice(id.length + 1), key] as const]
    })
  }

  data(id: string, key: Uint8Array): Uint8Array | undefined {
    return this.#tables.get('data', `${id}/${latin1(key)}`)
  }

  dataOf(id: string, prefix: Uint8Array): readonly (readonly [Uint8Array, Uint8Array])[] {
    return this.#tables.keys('data', `${id}/${latin1(prefix)}`).flatMap((at) => {
      const value = this.#tables.get('data', at)
      const key = Buffer.from(at.slice(id.length + 1), 'latin1')
      return value === undefined ? [] : [[new Uint8Array(key), value] as const]
    })
  }

  globalCode(id: GlobalCodeId): ContractCode | undefined {
    const hash = this.#tables.get('globals', globalKey(id))
    return hash === undefined ? undefined : this.codeOf(hash)
  }

  /** The code that calls of an account run. */
  code({ code }: Account): ContractCode | undefined {
    switch (code.type) {
      case 'none':
        return undefined
      case 'local':
        return this.codeOf(code.hash)
      case 'globalHash':
        return this.globalCode({ hash: fromHex(code.hash) })
      case 'globalAccount':
        return this.globalCode({ accountId: code.accountId })
    }
  }

  protected codeOf(hash: string): ContractCode | undefined {
    const bytes = this.codes.get(hash)
    return bytes && { hash, bytes }
  }
}

function globalKey(id: GlobalCodeId): string {
  return 'hash' in id ? `#${toHex(id.hash)}` : id.accountId
}

/** What a snapshot of the state holds. */
export type StateCopy = LedgerCopy<StateTables>

export class State extends StateView {
  readonly #ledger: Ledger<StateTables>
  readonly #parameters: Parameters

  constructor(parameters: Parameters, keepBlocks: number) {
    const ledger = new Ledger<StateTables>(TABLES, keepBlocks)
    super(ledger, new Map())
    this.#ledger = ledger
    this.#parameters = parameters
  }

  /** State when a block ended; undefined where it is no longer known. */
  at(height: number): StateView | undefined {
    const tables = this.#ledger.at(height)
    return tables && new StateView(tables, this.codes)
  }

  setAccount(id: string, account: Account | undefined): void {
    this.#ledger.set('accounts', id, account)
    const hash = account?.code.type === 'local' ? account.code.hash : undefined
    if (this.#ledger.get('deployed', id) !== hash) this.#ledger.set('deployed', id, hash)
  }

  /** Adds or changes a key; an account pays for the bytes of a new one. */
  setKey(id: string, publicKey: PublicKey, key: AccessKey | undefined): void {
    const old = this.key(id, publicKey)
    this.#ledger.set('keys', `${id}/${publicKey}`, key)
    const grown = this.#keyBytes(publicKey, key) - this.#keyBytes(publicKey, old)
    const account = this.account(id)
    if (account !== undefined && grown !== 0n) {
      this.setAccount(id, { ...account, storage: account.storage + grown })
    }
  }

  setData(id: string, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#ledger.set('data', `${id}/${latin1(key)}`, value)
  }

  /** @returns hexadecimal hash */
  addCode(bytes: Uint8Array): string {
    const hash = toHex(sha256(bytes))
    this.codes.set(hash, bytes)
    return hash
  }

  setGlobalCode(id: GlobalCodeId, bytes: Uint8Array): void {
    this.#ledger.set('globals', globalKey(id), this.addCode(bytes))
  }

  /** Removes an account with its keys and its data. */
  removeAccount(id: string): void {
    for (const [publicKey] of this.keysOf(id))
      this.#ledger.set('keys', `${id}/${publicKey}`, undefined)
    for (const [key] of this.dataOf(id, new Uint8Array())) this.setData(id, key, undefined)
    this.setAccount(id, undefined)
  }

  commit(): readonly Touch<StateTables>[] {
    return this.#ledger.commit()
  }

  rollback(): void {
    this.#ledger.rollback()
  }

  seal(height: number): void {
    this.#ledger.seal(height)
  }

  copy(): StateCopy {
    return this.#ledger.copy()
  }

  restore(copy: StateCopy): void {
    this.#ledger.restore(copy)
  }

  #keyBytes(publicKey: PublicKey, key: AccessKey | undefined): bigint {
    if (key === undefined) return 0n
    const length = knownKeyBytes(publicKey).length + accessKeyBytes(key).length
    return BigInt(length) + this.#parameters.storage.bytesOfRecord
  }
}

/** An account that has nothing but its name. */
export function emptyAccount(amount: bigint, { storage }: Parameters): Account {
  return { amount, locked: 0n, code: { type: 'none' }, storage: storage.bytesOfAccount }
}

/** Bytes that an account pays for its code. */
export function codeBytes({ code }: Account): bigint {
  switch (code.type) {
    case 'none':
      return 0n
    case 'local':
      return BigInt(code.size)
    case 'globalHash':
      return 32n
    case 'globalAccount':
      return BigInt(code.accountId.length)
  }
}

/** An account with other code, and the bytes of that. */
export function withCode(account: Account, code: Account['code']): Account {
  const changed = { ...account, code }
  return { ...changed, storage: account.storage - codeBytes(account) + codeBytes(changed) }
}

/** Base58 of an account's own code; zeros where it has none, or global code. */
export function codeHashText({ code }: Account): string {
  return code.type === 'local' ? toBase58(fromHex(code.hash)) : NO_CODE
}
