/** What a deployment would make and cost, before anything is sent. */
import { fromHex } from '../../../node/primitives/bytes.ts'
import { amountText } from '../../shared/amount.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { BASE_RESERVE, DAY_LEDGERS, XLM } from '../constants.ts'
import { codeOf } from '../contracts/artifacts.ts'
import { stellarError } from '../errors.ts'
import { MAX_AGREED_FEE, MIN_FEE, RESOURCE_MARGIN_PERCENT } from '../limits.ts'
import { simulate } from '../rpc/simulate.ts'
import type { Account } from '../xdr/entries.ts'
import { type Call, createContract, invoke, uploadCode } from '../xdr/operations.ts'
import type { PlannedContract } from './plan.ts'
import { rentOfCode } from './rent.ts'
import {
  type ContractState,
  type DeployState,
  HORIZON_LEDGERS,
  readState,
  type Step,
  stepsOf,
} from './state.ts'

/** A step that is left, and what it costs. */
export interface QuotedStep {
  readonly step: Step
  /** Stroops: fees and rent. */
  readonly fee: bigint
  /** Whether it follows from other figures: what does not lie on the chain yet cannot be simulated. */
  readonly isEstimated: boolean
}

/** A contract of the plan, as the chain has it now. */
export interface QuotedContract extends ContractState {
  readonly steps: readonly QuotedStep[]
}

export interface Quote {
  /** That it is true at. */
  readonly ledger: number
  readonly contracts: readonly QuotedContract[]
  /** Stroops of everything that is left. */
  readonly totalCost: bigint
  /** Stroops that have to be there for that: what is not used of a fee comes back. */
  readonly needed: bigint
  readonly account: {
    readonly address: string
    /** Stroops that it can spend; undefined where there is no such account. */
    readonly balance: bigint | undefined
  }
}

export interface QuoteInit {
  readonly heights: Heights
  readonly contracts: readonly PlannedContract[]
  /** `G...`: pays, and the contracts' addresses follow from it. */
  readonly deployer: string
  readonly signal?: AbortSignal | undefined
}

/** Stroops of making a contract of code that is there, with some to spare: an entry of its own and what it runs, measured at the test network's fees. */
const CREATE_FEE = 150_000n
/** Of a contract that is put there: what is paid for the first days, and not for running and history, percent. */
const RENT_PERCENT = 98n
/** Where a network does not say how long new entries live: a week, which is the least of all. */
const LEAST_LEDGERS: number = 7 * DAY_LEDGERS

/** Reads what is there and what the rest would cost. @throws CHAIN_DEPLOY (chain) where something else is, ANCHOR_UNREACHABLE (transport) */
export async function quoteDeployment(init: QuoteInit): Promise<Quote> {
  const { heights, contracts, deployer, signal } = init
  return heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const state = await readState(endpoint, contracts, deployer)
      told?.(BigInt(state.ledger))
      const quoted: QuotedContract[] = []
      for (const contract of state.contracts) {
        quoted.push({ ...contract, steps: await quoteSteps(endpoint, contract, state, deployer) })
      }
      const steps = quoted.flatMap((each) => each.steps)
      const totalCost = steps.reduce((sum, { fee }) => sum + fee, 0n)
      return {
        ...{ ledger: state.ledger, contracts: quoted, totalCost, needed: neededFor(totalCost) },
        account: {
          address: deployer,
          balance: state.account && spendable(state.account),
        },
      }
    },
    signal,
  )
}

/** Stroops that have to be there, for fees that are offered with a margin. */
export function neededFor(cost: bigint): bigint {
  return cost + (cost * RESOURCE_MARGIN_PERCENT) / 100n
}

/** Stroops of an account beyond what has to stay. */
export function spendable({ balance, subentries }: Account): bigint {
  const kept = BigInt(2 + subentries) * BASE_RESERVE
  return balance > kept ? balance - kept : 0n
}

/** What is sent for a step. */
export function callOf(step: Step, contract: PlannedContract, deployer: string): Call {
  const { name, address, codeHash, salt } = contract
  switch (step) {
    case 'upload':
      return uploadCode(codeOf(name))
    case 'create':
      return createContract({ deployer, salt }, fromHex(codeHash))
    case 'keep':
      return invoke(address, 'keep_code', [])
  }
}

async function quoteSteps(
  endpoint: Endpoint,
  contract: ContractState,
  state: DeployState,
  deployer: string,
): Promise<QuotedStep[]> {
  const quoted: QuotedStep[] = []
  const { minPersistent = LEAST_LEDGERS } = state
  for (const step of stepsOf(contract, state)) {
    const [first] = quoted
    if (first === undefined) {
      quoted.push({
        step,
        fee: await feeOf(endpoint, step, contract, deployer),
        isEstimated: false,
      })
    } else if (step === 'create') {
      quoted.push({ step, fee: CREATE_FEE, isEstimated: true })
    } else if (first.step === 'upload') {
      // the same rent for more days
      const more = BigInt(HORIZON_LEDGERS - minPersistent)
      const rent = (first.fee * RENT_PERCENT) / 100n
      quoted.push({ step, fee: (rent * more) / BigInt(minPersistent), isEstimated: true })
    } else {
      const fee = await rentOfCode(endpoint, contract.codeHash, deployer)
      quoted.push({ step, fee: fee + CREATE_FEE, isEstimated: true })
    }
  }
  return quoted
}

/** By simulation. @throws CHAIN_DEPLOY (chain) */
async function feeOf(
  endpoint: Endpoint,
  step: Step,
  contract: PlannedContract,
  deployer: string,
): Promise<bigint> {
  const simulated = await simulate(
    endpoint,
    callOf(step, contract, deployer),
    deployer,
    MAX_AGREED_FEE,
  )
  if ('reason' in simulated) throw notPossible(step, contract, simulated.reason)
  return (simulated.prepared.resources?.fee ?? 0n) + MIN_FEE
}

/** A step that the network would refuse. */
export function notPossible(step: Step, { name, address }: PlannedContract, why: string): Error {
  const message = `the network refuses to ${step} ${name} at ${address}: ${why}`
  return stellarError('CHAIN_DEPLOY', message, { contract: name, address, step })
}

/** Refuses what cannot be paid, before anything is sent. @throws CHAIN_FUNDS (chain) */
export function assertAffordable({ needed, account: { address, balance } }: Quote): void {
  if (needed === 0n || (balance !== undefined && balance >= needed)) return
  const has = balance === undefined ? 'is no account' : `can spend ${amountText(balance, XLM)}`
  const rest = amountText(needed - (balance ?? 0n), XLM)
  throw stellarError(
    'CHAIN_FUNDS',
    `${address} ${has} and needs ${amountText(needed, XLM)} for this deployment: send it ${rest} or more, on a test network by its friendbot (\`merogate chain key --chain stellar --fund\`)`,
    { account: address, balance: String(balance ?? 0n), needed: String(needed) },
  )
}
