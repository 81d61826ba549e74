/** What a deployment would make and cost, before anything is sent. */
import { toQuantity, ZeroAddress } from 'ethers'
import type { ContractName } from '../contracts/artifacts.ts'
import { DEPLOYER } from '../constants.ts'
import { hasCode, readMissingFunding } from './deployer.ts'
import { ethereumError } from '../errors.ts'
import { readBalance } from '../rpc/head.ts'
import { askEstimate } from '../send/sender.ts'
import { offerFor, type PresentFees, readPresentFees } from '../send/fees.ts'
import { GAS_MARGIN_PERCENT } from '../limits.ts'
import { creationOf, planDeployment, type PlannedContract } from './plan.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { ether } from './units.ts'

/** Gas of a plain transfer. */
const TRANSFER_GAS = 21_000n

/** A contract of the plan, as the chain has it now. */
export interface QuotedContract {
  readonly name: ContractName
  readonly address: string
  readonly isPresent: boolean
  /** Gas to make it; 0 when it is there. */
  readonly gas: bigint
}

export interface Quote {
  readonly contracts: readonly QuotedContract[]
  /** What it takes to put the deployer on the chain first; undefined when it is there. */
  readonly deployer: { readonly gas: bigint; readonly value: bigint } | undefined
  /** How gas was estimated: `creation` as the deployer will do it, `plain` without the deployer, which costs about as much. */
  readonly estimate: 'creation' | 'plain'
  readonly fees: PresentFees
  readonly maxFeePerGas: bigint
  /** Of everything, the deployer's included. */
  readonly totalGas: bigint
  /** Wei at the present fee, and if every transaction paid the ceiling. */
  readonly totalCost: bigint
  readonly ceilingCost: bigint
  /** Wei that the account must hold for every transaction to be taken: what one may use at most counts until it is mined. */
  readonly needed: bigint
  readonly account: { readonly address: string; readonly balance: bigint } | undefined
}

export interface QuoteInit {
  readonly rpc: Endpoints
  /** Account that would pay. @default none: its balance is not read */
  readonly from?: string | undefined
  readonly maxFeePerGas: bigint
  /** See `DeployInit`. */
  readonly predecessor?: string | undefined
  readonly signal?: AbortSignal
}

/** Reads what is there and what the rest would cost. @throws ANCHOR_UNREACHABLE (transport), CHAIN_WRONG_NETWORK (protocol) */
export async function quoteDeployment(init: QuoteInit): Promise<Quote> {
  const { rpc, from, maxFeePerGas, signal } = init
  const hasDeployer = await hasCode(rpc, DEPLOYER.address, signal)
  const contracts: QuotedContract[] = []
  for (const contract of planDeployment(init.predecessor)) {
    const { name, address } = contract
    const isPresent = await hasCode(rpc, address, signal)
    const gas = isPresent ? 0n : await estimateCreation(rpc, hasDeployer, contract, signal)
    contracts.push({ name, address, isPresent, gas })
  }
  const value = hasDeployer ? 0n : await readMissingFunding(rpc, signal)
  const deployer = hasDeployer ? undefined : { value, gas: value > 0n ? TRANSFER_GAS : 0n }
  const fees = await rpc.run(readPresentFees, signal)
  const account =
    from === undefined
      ? undefined
      : {
          address: from,
          balance: await rpc.run((endpoint) => readBalance(endpoint, from), signal),
        }
  return {
    ...{ contracts, deployer, fees, maxFeePerGas, account },
    estimate: hasDeployer ? 'creation' : 'plain',
    ...totals([...(deployer === undefined ? [] : [deployer]), ...contracts], fees, maxFeePerGas),
  }
}

/** Gas of making a contract. Without the deployer the same code in a plain creation is estimated; the difference is under 3 percent. */
async function estimateCreation(
  rpc: Endpoints,
  hasDeployer: boolean,
  contract: PlannedContract,
  signal?: AbortSignal,
): Promise<bigint> {
  const call = hasDeployer ? creationOf(contract) : { data: contract.code }
  const request = { from: ZeroAddress, ...call, value: toQuantity(0) }
  return rpc.run((endpoint) => askEstimate(endpoint, request), signal)
}

/** Sums over the transactions, in the order they are sent. */
export function totals(
  transactions: readonly { readonly gas: bigint; readonly value?: bigint }[],
  { baseFee, tip }: PresentFees,
  maxFeePerGas: bigint,
): Pick<Quote, 'totalGas' | 'totalCost' | 'ceilingCost' | 'needed'> {
  const present = baseFee + tip
  const offered = 2n * baseFee + tip < maxFeePerGas ? 2n * baseFee + tip : maxFeePerGas
  let totalGas = 0n
  let totalValue = 0n
  let needed = 0n
  for (const { gas, value = 0n } of transactions) {
    const limit = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n
    const held = totalGas * present + totalValue + limit * offered + value
    if (gas > 0n && held > needed) needed = held
    totalGas += gas
    totalValue += value
  }
  return {
    totalGas,
    totalCost: totalGas * present + totalValue,
    ceilingCost: totalGas * maxFeePerGas + totalValue,
    needed,
  }
}

/** Refuses what cannot be paid, before anything is sent. @throws CHAIN_FEE (limit), CHAIN_FUNDS (chain) */
export function assertAffordable({ fees, maxFeePerGas, totalGas, needed, account }: Quote): void {
  if (totalGas === 0n) return
  offerFor(fees, { maxFeePerGas }, totalGas)
  if (account === undefined || account.balance >= needed) return
  throw ethereumError(
    'CHAIN_FUNDS',
    `the account ${account.address} has ${ether(account.balance)} and needs ${ether(needed)} for this deployment: send it ${ether(needed - account.balance)} or more`,
    { address: account.address, balance: String(account.balance), needed: String(needed) },
  )
}
