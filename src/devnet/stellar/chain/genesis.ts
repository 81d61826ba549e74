/** What is there from the beginning: an account with all coins, those that were asked for, and the contract of the native asset. */
import { Authorization } from '../auth/authorization.ts'
import { runAssetContract } from '../asset/contract.ts'
import { Budget } from '../budget/budget.ts'
import { NATIVE_ASSET } from '../host/creation.ts'
import { Host } from '../host/host.ts'
import { createContract } from '../host/lifecycle.ts'
import { newAccount } from '../storage/entries.ts'
import { accountKey } from '../storage/keys.ts'
import { type LedgerInfo, Storage } from '../storage/storage.ts'
import { accountAddress } from '../value/address.ts'
import { hostError } from '../value/errors.ts'
import { VOID } from '../value/word.ts'
import { checkImports, runContract } from '../vm/run.ts'
import type { Entries } from './changes.ts'
import { TOTAL_COINS } from './meta.ts'

/** An account to begin with. */
export interface GenesisAccount {
  readonly publicKey: Uint8Array
  /** Stroops. */
  readonly balance: bigint
}

const UNLIMITED = { instructions: Number.MAX_SAFE_INTEGER, memory: Number.MAX_SAFE_INTEGER }

export function genesis(
  root: Uint8Array,
  accounts: readonly GenesisAccount[],
  info: LedgerInfo,
): Entries {
  const given = accounts.reduce((sum, { balance }) => sum + balance, 0n)
  if (given > TOTAL_COINS) throw new RangeError(`there are ${TOTAL_COINS} stroops, got ${given}`)
  const entries: Entries = new Map()
  const all = [...accounts, { publicKey: root, balance: TOTAL_COINS - given }]
  for (const { publicKey, balance } of all) {
    // numbers of transactions begin with 1, as they do on a network that was just made
    const entry = { ...newAccount(publicKey, balance, 0), sequence: 0n }
    entries.set(accountKey(publicKey), { entry, liveUntil: undefined, modified: info.sequence })
  }
  addNativeContract(entries, root, info)
  return entries
}

function addNativeContract(entries: Entries, root: Uint8Array, info: LedgerInfo): void {
  const budget = new Budget(info.parameters.costs, UNLIMITED)
  const storage = new Storage((key) => entries.get(key), info, budget)
  const host = new Host({
    ...{ storage, info, budget, source: accountAddress(root), seed: info.networkId },
    programs: { wasm: runContract, asset: runAssetContract, link: checkImports },
    authorizer: (one) => new Authorization(one, { kind: 'enforce', entries: [] }),
  })
  const preimage = { kind: 'asset', asset: NATIVE_ASSET } as const
  host.top(() => {
    createContract(host, { preimage, executable: { kind: 'asset' }, args: [] }, [])
    return VOID
  })
  const liveUntil = info.sequence + info.parameters.lifetime.max - 1
  for (const { key, after } of storage.changes()) {
    if (after.entry === undefined) throw hostError('Storage', 'InternalError', 'no contract')
    entries.set(key, { entry: after.entry, liveUntil, modified: info.sequence })
  }
}
