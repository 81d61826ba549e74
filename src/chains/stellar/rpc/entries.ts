/** Entries of the ledger as they are now: accounts, contracts, and how long they live. */
import { z } from 'zod'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { fromHex } from '../../../node/primitives/bytes.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import {
  type Account,
  accountIn,
  accountKeyOf,
  codeHashIn,
  codeIn,
  codeKeyOf,
  instanceKeyOf,
  rowIn,
  rowKeyOf,
} from '../xdr/entries.ts'
import { base64, LEDGER, MAX_XDR_CHARS } from './numbers.ts'

/** Entries that one question may ask for. */
export const MAX_KEYS = 200

const ENTRIES = z.object({
  latestLedger: LEDGER,
  entries: z
    .array(
      z.object({
        key: base64(MAX_XDR_CHARS),
        xdr: base64(MAX_XDR_CHARS),
        lastModifiedLedgerSeq: LEDGER.optional(),
        liveUntilLedgerSeq: LEDGER.optional(),
      }),
    )
    .max(MAX_KEYS)
    .nullish(),
})

/** An entry that is there, archived or not. */
export interface Entry {
  /** Base64. */
  readonly xdr: string
  /** The last ledger that it lives in; undefined for accounts, which live on. */
  readonly liveUntil: number | undefined
}

/** Entries, and the ledger they are of. */
export interface Entries {
  readonly ledger: number
  /** By their keys, base64. */
  readonly found: ReadonlyMap<string, Entry>
}

/** @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function readEntries(endpoint: Endpoint, keys: readonly string[]): Promise<Entries> {
  const answer = ENTRIES.safeParse(await endpoint.send('getLedgerEntries', { keys }))
  if (!answer.success) throw badAnswer(endpoint.name, 'entries of another shape')
  const { latestLedger: ledger, entries } = answer.data
  const found = (entries ?? []).map(
    ({ key, xdr, liveUntilLedgerSeq: liveUntil }) => [key, { xdr, liveUntil }] as const,
  )
  return { ledger, found: new Map(found) }
}

/** What stands in an entry of a kind; undefined where there is none. */
function shaped<T>(
  { name }: Endpoint,
  entry: Entry | undefined,
  decode: (xdr: string) => T | undefined,
): T | undefined {
  if (entry === undefined) return undefined
  const value = decode(entry.xdr)
  if (value === undefined) throw badAnswer(name, 'an entry of another kind')
  return value
}

/** Accounts that are there, by their addresses, and the ledger that they are of. */
export async function viewAccounts(
  endpoint: Endpoint,
  addresses: readonly string[],
): Promise<{ readonly ledger: number; readonly accounts: ReadonlyMap<string, Account> }> {
  const keys = addresses.map(accountKeyOf)
  const { ledger, found } = await readEntries(endpoint, keys)
  const accounts = new Map<string, Account>()
  for (const [index, address] of addresses.entries()) {
    const account = shaped(endpoint, found.get(keys[index] ?? ''), accountIn)
    if (account !== undefined) accounts.set(address, account)
  }
  return { ledger, accounts }
}

/** An account; undefined when there is none. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function viewAccount(
  endpoint: Endpoint,
  address: string,
): Promise<Account | undefined> {
  return (await viewAccounts(endpoint, [address])).accounts.get(address)
}

/** A contract's own entry. */
export interface ContractEntry {
  /** SHA-256 of its code, hexadecimal; undefined where it has none of its own. */
  readonly codeHash: string | undefined
  readonly liveUntil: number
}

/** A contract, archived or not; undefined when there is none. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function viewContract(
  endpoint: Endpoint,
  address: string,
): Promise<ContractEntry | undefined> {
  const key = instanceKeyOf(address)
  const entry = (await readEntries(endpoint, [key])).found.get(key)
  if (entry === undefined) return undefined
  return { codeHash: codeHashIn(entry.xdr), liveUntil: entry.liveUntil ?? 0 }
}

/** Code by its SHA-256, hexadecimal; undefined where it is not there. @throws ANCHOR_BAD_ANSWER (protocol), CHAIN_RPC */
export async function viewCode(
  endpoint: Endpoint,
  codeHash: string,
): Promise<{ readonly code: Uint8Array; readonly liveUntil: number } | undefined> {
  const key = codeKeyOf(fromHex(codeHash))
  const entry = (await readEntries(endpoint, [key])).found.get(key)
  const code = shaped(endpoint, entry, codeIn)
  return code && { code, liveUntil: entry?.liveUntil ?? 0 }
}

/** A row of a contract. */
export interface RowEntry {
  readonly value: Uint8Array
  readonly liveUntil: number
}

/** Rows of a contract by their keys, {@link MAX_KEYS} at most; undefined in the place of one that is not there. */
export async function viewRows(
  endpoint: Endpoint,
  contract: string,
  rows: readonly Uint8Array[],
): Promise<{ readonly ledger: number; readonly rows: readonly (RowEntry | undefined)[] }> {
  const keys = rows.map((row) => rowKeyOf(contract, row))
  const { ledger, found } = await readEntries(endpoint, keys)
  return {
    ledger,
    rows: keys.map((key) => {
      const entry = found.get(key)
      const value = shaped(endpoint, entry, rowIn)
      return value && { value, liveUntil: entry?.liveUntil ?? 0 }
    }),
  }
}
