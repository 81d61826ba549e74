/** Facts of Stellar that the adapter builds on. */
import type { Unit } from '../shared/amount.ts'

/** Chain number in domains (contracts/interface.json). */
export const STELLAR_CHAIN = 4

/** Amounts are counted in stroops. */
export const XLM: Unit = { symbol: 'XLM', decimals: 7 }

/** Stroops of an XLM. */
export const STROOPS: bigint = 10n ** 7n

/** Stroops that an account keeps for each of its entries, of which itself counts as two. */
export const BASE_RESERVE = 5_000_000n

/** Seconds from a ledger to the next. */
export const LEDGER_SECONDS = 5

/** Ledgers of a day. */
export const DAY_LEDGERS: number = 86_400 / LEDGER_SECONDS

/** What signatures are bound to, of the public networks. */
export const PASSPHRASES: Readonly<Record<'mainnet' | 'testnet' | 'futurenet', string>> = {
  mainnet: 'Public Global Stellar Network ; September 2015',
  testnet: 'Test SDF Network ; September 2015',
  futurenet: 'Test SDF Future Network ; October 2022',
}

/** An account, as the chain writes it. */
export const ACCOUNT: RegExp = /^G[A-Z2-7]{55}$/

/** A contract, likewise. */
export const CONTRACT: RegExp = /^C[A-Z2-7]{55}$/

/** A transaction's hash. */
export const TRANSACTION: RegExp = /^[0-9a-f]{64}$/
