/** What a deployment would make and cost, before anything is sent. */
import type { Endpoint, Endpoints } from '../../shared/endpoints.ts'
import { amountText } from '../../shared/amount.ts'
import { NEAR, STORAGE_PRICE } from '../constants.ts'
import { readCodeHash } from '../contracts/contract-check.ts'
import { nearError } from '../errors.ts'
import { viewAccount } from '../rpc/query.ts'
import { gasCost, planDeployment, type PlannedContract } from './plan.ts'

/** A contract of the plan, as the chain has it now. */
export interface QuotedContract extends PlannedContract {
  readonly isPresent: boolean
}

export interface Quote {
  readonly contracts: readonly QuotedContract[]
  /** YoctoNEAR that are locked for storage, and that gas may cost at most. */
  readonly storageCost: bigint
  readonly gasCost: bigint
  /** Of everything. */
  readonly totalCost: bigint
  readonly account: {
    readonly address: string
    /** YoctoNEAR that it can spend; undefined where there is no such account. */
    readonly balance: bigint | undefined
  }
}

export interface QuoteInit {
  readonly rpc: Endpoints
  /** Account that pays, and that the contracts' accounts lie below. */
  readonly account: string
  readonly signal?: AbortSignal | undefined
}

/** Reads what is there and what the rest would cost. @throws CHAIN_DEPLOY (chain) where something else is, ANCHOR_UNREACHABLE (transport) */
export async function quoteDeployment({ rpc, account, signal }: QuoteInit): Promise<Quote> {
  const contracts: QuotedContract[] = []
  for (const contract of planDeployment(account)) {
    contracts.push({ ...contract, isPresent: await isPresent(rpc, contract, signal) })
  }
  const missing = contracts.filter((contract) => !contract.isPresent)
  const storageCost = missing.reduce((sum, { deposit }) => sum + deposit, 0n)
  const gas = missing.reduce((sum, each) => sum + each.gas, 0n)
  const balance = await rpc.run((endpoint) => readSpendable(endpoint, account), signal)
  return {
    ...{ contracts, storageCost, gasCost: gasCost(gas), account: { address: account, balance } },
    totalCost: storageCost + gasCost(gas),
  }
}

/** Whether a contract is there with this release's code. @throws CHAIN_DEPLOY (chain) where its account has something else */
export async function isPresent(
  rpc: Endpoints,
  { name, address, codeHash }: PlannedContract,
  signal?: AbortSignal,
): Promise<boolean> {
  const found = await rpc.run(async (endpoint) => {
    const account = await viewAccount(endpoint, address)
    return account && { hash: await readCodeHash(endpoint, address) }
  }, signal)
  if (found === undefined) return false
  if (found.hash === codeHash) return true
  const what = found.hash === undefined ? 'no code' : `code of SHA-256 ${found.hash}`
  throw nearError(
    'CHAIN_DEPLOY',
    `expected nothing at ${address}, or ${name} of this release, got an account with ${what}: deploy below another account`,
    { contract: name, address, codeHash: found.hash ?? '' },
  )
}

/** YoctoNEAR of an account beyond what its storage locks; undefined where there is no such account. */
export async function readSpendable(
  endpoint: Endpoint,
  account: string,
): Promise<bigint | undefined> {
  const found = await viewAccount(endpoint, account)
  if (found === undefined) return undefined
  const locked = BigInt(found.storageUsage) * STORAGE_PRICE
  return found.amount > locked ? found.amount - locked : 0n
}

/** Refuses what cannot be paid, before anything is sent. @throws CHAIN_FUNDS (chain) */
export function assertAffordable({ totalCost, account: { address, balance } }: Quote): void {
  if (totalCost === 0n || (balance !== undefined && balance >= totalCost)) return
  const has = balance === undefined ? 'is no account' : `has ${amountText(balance, NEAR)}`
  throw nearError(
    'CHAIN_FUNDS',
    `${address} ${has} and needs ${amountText(totalCost, NEAR)} for this deployment: send it ${amountText(totalCost - (balance ?? 0n), NEAR)} or more`,
    { account: address, balance: String(balance ?? 0n), needed: String(totalCost) },
  )
}
