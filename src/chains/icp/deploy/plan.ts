/** What a deployment would make and cost, before anything is sent. */
import { amountText } from '../../shared/amount.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { chainError } from '../../shared/errors.ts'
import { CYCLES, CYCLES_LEDGER, FREEZING_DAYS, LEDGER_FEE } from '../constants.ts'
import { principalBytes } from '../principal.ts'
import { LEDGER } from './candid.ts'
import { type Certified, deployError, queryMethod, readCanister } from './chain.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import type { Modules } from './modules.ts'
import { Principal } from '@dfinity/principal'

/** Who may change the canisters afterwards: whoever deploys, or nobody. */
export type Controllers = 'keep' | 'drop'

/** A canister of the plan, as the chain has it now. */
export interface PlannedCanister {
  readonly name: ContractName
  /** Undefined: it is to be made. */
  readonly canister: string | undefined
  /** `missing` is to be made, `empty` is to be filled, `present` has this release. */
  readonly state: 'missing' | 'empty' | 'present'
  readonly controllers: readonly string[]
  /** SHA-256 of its module to be, hexadecimal. */
  readonly codeHash: string
}

export interface Plan {
  readonly canisters: readonly PlannedCanister[]
  readonly controllers: Controllers
  /** Cycles of everything that is to be made, fees included. */
  readonly totalCost: bigint
  readonly account: { readonly principal: string; readonly balance: bigint } | undefined
}

export interface PlanInit {
  readonly rpc: Endpoints
  readonly modules: Modules
  /** Canisters that are known: named by whoever deploys, or by a file. */
  readonly known: Readonly<Partial<Record<ContractName, string>>>
  /** Cycles that each new one gets. */
  readonly cycles: bigint
  readonly controllers: Controllers
  /** Principal of whoever deploys. @default nobody: looking only */
  readonly owner?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Reads what is there. @throws CHAIN_DEPLOY (chain) where something else is, or a canister is somebody else's; ANCHOR_UNREACHABLE (transport) */
export async function planDeployment(init: PlanInit): Promise<Plan> {
  const { rpc, known, owner, cycles, controllers, signal } = init
  const canisters: PlannedCanister[] = []
  for (const name of CONTRACT_NAMES) {
    canisters.push(await plannedCanister(init, name, known[name]))
  }
  const missing = canisters.filter(({ state }) => state === 'missing').length
  const totalCost = BigInt(missing) * (cycles + LEDGER_FEE)
  const account =
    owner === undefined
      ? undefined
      : { principal: owner, balance: await readBalance(rpc, owner, signal) }
  return { canisters, controllers, totalCost, account }
}

async function plannedCanister(
  { rpc, modules, owner, signal }: PlanInit,
  name: ContractName,
  canister: string | undefined,
): Promise<PlannedCanister> {
  const { codeHash } = modules[name]
  if (canister === undefined) {
    return { name, canister, state: 'missing', controllers: [], codeHash }
  }
  const found = await readCanister(rpc, bytesOf(canister), signal)
  const state = stateOf(found, { name, canister, codeHash, owner })
  return { name, canister, state, controllers: found?.controllers ?? [], codeHash }
}

interface Expected {
  readonly name: ContractName
  readonly canister: string
  readonly codeHash: string
  readonly owner: string | undefined
}

/** @throws CHAIN_DEPLOY (chain) */
export function stateOf(
  found: Certified | undefined,
  { name, canister, codeHash, owner }: Expected,
): 'empty' | 'present' {
  if (found === undefined) throw deployError(`there is no canister ${canister}`, canister)
  if (found.codeHash === codeHash) return 'present'
  if (found.codeHash !== undefined) {
    const message = `expected nothing in ${canister}, or ${name} of this release, got a module of SHA-256 ${found.codeHash}: an earlier release is brought to this one by \`merogate chain upgrade\``
    throw deployError(message, canister)
  }
  if (owner !== undefined && !found.controllers.includes(owner)) {
    const message = `${canister} is empty, and ${owner} is none of its controllers: have one of them add it`
    throw deployError(message, canister)
  }
  return 'empty'
}

/** Cycles of somebody in the cycles ledger. */
export async function readBalance(
  rpc: Endpoints,
  owner: string,
  signal?: AbortSignal,
): Promise<bigint> {
  const account = { owner: Principal.fromText(owner), subaccount: [] }
  return queryMethod<bigint>(rpc, bytesOf(CYCLES_LEDGER), LEDGER.balance, [account], signal)
}

/** Refuses what cannot be paid, before anything is sent. @throws CHAIN_FUNDS (chain) */
export function assertAffordable({ totalCost, account }: Plan): void {
  if (account === undefined || account.balance >= totalCost) return
  const { principal, balance } = account
  throw chainError(
    'icp',
    'CHAIN_FUNDS',
    `${principal} has ${amountText(balance, CYCLES)} in the cycles ledger and needs ${amountText(totalCost, CYCLES)} for this deployment: send it ${amountText(totalCost - balance, CYCLES)} or more`,
    { account: principal, balance: String(balance), needed: String(totalCost) },
  )
}

/** Seconds for which a canister's cycles must last before it freezes. */
export const FREEZING_SECONDS: bigint = BigInt(FREEZING_DAYS) * 86_400n

/** The bytes of a principal that was checked. @throws CHAIN_DEPLOY (chain) when it is none after all */
export function bytesOf(text: string): Uint8Array {
  const bytes = principalBytes(text)
  if (bytes === undefined) throw deployError(`expected a principal, got ${text}`, text)
  return bytes
}
