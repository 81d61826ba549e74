/** Facts of NEAR that the adapter builds on. */
import type { Unit } from '../shared/amount.ts'

/** Chain number in domains (contracts/interface.json). */
export const NEAR_CHAIN = 1

/** Amounts are counted in yoctoNEAR. */
export const NEAR: Unit = { symbol: 'NEAR', decimals: 24 }

/** YoctoNEAR of a millionth of a NEAR. */
export const MICRO: bigint = 10n ** 18n

/** What a byte of storage takes, yoctoNEAR: locked while it is there, given back with it (protocol 88). */
export const STORAGE_PRICE: bigint = 10n ** 19n

/** Gas of a million millions, as people count it. */
export const TERA: bigint = 10n ** 12n

/** Most that a transaction may pay for a unit of gas, yoctoNEAR: the protocol's least price, which has been the price for years. */
export const GAS_PRICE: bigint = 100_000_000n

/** Networks by the names that people use, which are their chain ids. */
export const NETWORKS: readonly string[] = ['mainnet', 'testnet']

/** Labels of a-z and 0-9, parted by `-` or `_`, joined by dots; 2 to 64 characters (NEP-2, account id rules). */
export const ACCOUNT_ID: RegExp =
  /^(?=.{2,64}$)(?:[a-z\d]+[-_])*[a-z\d]+(?:\.(?:[a-z\d]+[-_])*[a-z\d]+)*$/
