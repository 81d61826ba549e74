/** Balances of the native asset: accounts have theirs in their own entries, contracts in entries of the asset's contract. */
import type { Host } from '../host/host.ts'
import { newAccount, reserveOf } from '../storage/entries.ts'
import { accountKey, dataKey, DURABILITY } from '../storage/keys.ts'
import { ADDRESS, type Address } from '../value/address.ts'
import { contractError } from '../value/errors.ts'
import { boolVal, TAG, TRUE, u32Val, upperOf, type Val, VOID } from '../value/word.ts'

/** Errors of the contract, which are the network's. */
export const ASSET_ERROR = {
  unsupported: 2,
  initialized: 3,
  accountMissing: 6,
  negative: 8,
  allowance: 9,
  balance: 10,
  deauthorized: 11,
  overflow: 12,
  reserve: 14,
} as const

const DAY = 17_280
const BALANCE = { to: 30 * DAY, threshold: 29 * DAY }
/** What the contract of the network does beside looking at storage, instructions. */
const WORK = { read: 14_000, move: 22_000, allowance: 32_000, approve: 40_000 }
const MAX_I64 = (1n << 63n) - 1n
const MAX_I128 = (1n << 127n) - 1n

/** `[name, ...values]`, as names of entries are. */
export function named({ objects }: Host, name: string, ...values: readonly Val[]): Val {
  return objects.newVec([objects.newSymbol(name), ...values])
}

/** A map with symbols for keys, given in their order. */
export function record({ objects }: Host, fields: Readonly<Record<string, Val>>): Val {
  return objects.newMap(
    Object.entries(fields).map(([key, value]) => [objects.newSymbol(key), value] as const),
  )
}

/** Adds to a balance, or takes from it. @throws HostError */
export function moveBalance(host: Host, of: Address, amount: bigint): void {
  host.budget.work(WORK.move)
  if (of.kind === ADDRESS.account) moveOfAccount(host, of.bytes, amount)
  else moveOfContract(host, of, amount)
}

function moveOfAccount(host: Host, publicKey: Uint8Array, amount: bigint): void {
  if (amount > MAX_I64 || amount < -MAX_I64) {
    throw contractError(ASSET_ERROR.overflow, 'amount is too large for an i64')
  }
  const key = accountKey(publicKey)
  const entry = host.storage.get(key)?.entry
  const { baseReserve } = host.info.parameters
  if (entry?.kind === 'account') {
    const balance = entry.balance + amount
    if (balance < reserveOf(entry, baseReserve) || balance > MAX_I64) {
      const detail = 'resulting balance is not within the allowed range'
      throw contractError(ASSET_ERROR.balance, detail)
    }
    host.storage.put(key, { ...entry, balance })
    return
  }
  if (amount <= 0n) throw contractError(ASSET_ERROR.accountMissing, 'account entry is missing')
  const account = newAccount(publicKey, amount, host.info.sequence)
  if (amount < reserveOf(account, baseReserve)) {
    const detail = 'transfer amount is below minimum balance for new account'
    throw contractError(ASSET_ERROR.reserve, detail)
  }
  host.storage.put(key, account)
}

interface ContractBalance {
  readonly amount: bigint
  readonly isAuthorized: boolean
}

function balanceKey(host: Host, of: Address): { readonly at: string; readonly key: Uint8Array } {
  const key = host.toXdr(named(host, 'Balance', host.objects.newAddress(of)))
  return { at: dataKey(host.contract, key, DURABILITY.persistent), key }
}

function readBalance(host: Host, at: string): ContractBalance | undefined {
  const entry = host.storage.get(at)?.entry
  if (entry?.kind !== 'data') return undefined
  const [amount, authorized] = host.objects.map(host.fromXdr(entry.value))
  return {
    amount: host.objects.number(amount?.[1] ?? VOID),
    isAuthorized: authorized?.[1] === TRUE,
  }
}

function moveOfContract(host: Host, of: Address, amount: bigint): void {
  const { at, key } = balanceKey(host, of)
  const old = readBalance(host, at) ?? { amount: 0n, isAuthorized: true }
  const balance = old.amount + amount
  if (balance < 0n) throw contractError(ASSET_ERROR.balance, 'balance is not sufficient to spend')
  if (balance > MAX_I128) throw contractError(ASSET_ERROR.overflow, 'balance overflow')
  if (amount === 0n && old.amount === 0n) return
  const value = record(host, {
    amount: host.objects.newNumber(TAG.i128, balance),
    authorized: boolVal(old.isAuthorized),
    clawback: boolVal(false),
  })
  const durability = DURABILITY.persistent
  const entry = { kind: 'data', contract: host.contract, key, durability } as const
  host.storage.put(at, { ...entry, value: host.toXdr(value) })
  host.storage.extend(at, BALANCE.threshold, BALANCE.to)
}

export function balanceOf(host: Host, of: Address): bigint {
  host.budget.work(WORK.read)
  if (of.kind === ADDRESS.account) {
    const entry = host.storage.get(accountKey(of.bytes))?.entry
    if (entry?.kind === 'account') return entry.balance
    throw contractError(ASSET_ERROR.accountMissing, 'account entry is missing')
  }
  const { at } = balanceKey(host, of)
  const balance = readBalance(host, at)
  if (balance === undefined) return 0n
  host.storage.extend(at, BALANCE.threshold, BALANCE.to)
  return balance.amount
}

/** What somebody may spend of another's, and until which ledger. */
interface Allowance {
  readonly amount: bigint
  readonly liveUntil: number
}

function allowanceKey(
  host: Host,
  from: Address,
  spender: Address,
): { readonly at: string; readonly key: Uint8Array } {
  host.budget.work(WORK.allowance)
  const parties = record(host, {
    from: host.objects.newAddress(from),
    spender: host.objects.newAddress(spender),
  })
  const key = host.toXdr(named(host, 'Allowance', parties))
  return { at: dataKey(host.contract, key, DURABILITY.temporary), key }
}

function readAllowance(host: Host, at: string): Allowance | undefined {
  const entry = host.storage.get(at)?.entry
  if (entry?.kind !== 'data') return undefined
  const [amount, until] = host.objects.map(host.fromXdr(entry.value))
  const liveUntil = upperOf(until?.[1] ?? VOID)
  return { amount: host.objects.number(amount?.[1] ?? VOID), liveUntil }
}

export function allowanceOf(host: Host, from: Address, spender: Address): bigint {
  const found = readAllowance(host, allowanceKey(host, from, spender).at)
  return found !== undefined && found.liveUntil >= host.info.sequence ? found.amount : 0n
}

/** @throws HostError */
export function approve(
  host: Host,
  from: Address,
  spender: Address,
  { amount, liveUntil }: Allowance,
): void {
  const { sequence } = host.info
  host.budget.work(WORK.approve)
  if (liveUntil > host.storage.longestLife) {
    throw contractError(ASSET_ERROR.allowance, 'live_until is greater than max')
  }
  if (amount > 0n && liveUntil < sequence) {
    throw contractError(ASSET_ERROR.allowance, 'live_until is less than ledger seq')
  }
  const { at, key } = allowanceKey(host, from, spender)
  const old = readAllowance(host, at)
  if (old === undefined && amount <= 0n) return
  const value = record(host, {
    amount: host.objects.newNumber(TAG.i128, amount),
    live_until_ledger: u32Val(liveUntil),
  })
  const durability = DURABILITY.temporary
  const entry = { kind: 'data', contract: host.contract, key, durability } as const
  host.storage.put(at, { ...entry, value: host.toXdr(value) })
  if (amount > 0n && (old?.liveUntil ?? 0) < liveUntil) {
    host.storage.extend(at, liveUntil - sequence, liveUntil - sequence)
  }
}

/** @throws HostError */
export function spendAllowance(host: Host, from: Address, spender: Address, spent: bigint): void {
  const left = allowanceOf(host, from, spender)
  if (left < spent) throw contractError(ASSET_ERROR.allowance, 'not enough allowance to spend')
  if (spent === 0n) return
  const { liveUntil } = readAllowance(host, allowanceKey(host, from, spender).at) ?? {
    liveUntil: 0,
  }
  approve(host, from, spender, { amount: left - spent, liveUntil })
}
