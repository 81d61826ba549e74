/**
 * Bringing canisters of an earlier release to this one. What could go wrong is found out before anything is sent: a canister that is not the one of
 * the deployment, one that is somebody else's, and a module whose interface takes something away from those who call it.
 */
import type { Endpoints } from '../../shared/endpoints.ts'
import type { CallsInit } from '../rpc/calls.ts'
import { NOTHING } from './candid.ts'
import { deployError, readCanister, readMetadata } from './chain.ts'
import type { Deployment } from './deployment.ts'
import { readNetworkOf } from './info.ts'
import { checkInstalled, install } from './install.ts'
import { CandidSyntaxError, takenAway } from './interface.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import type { Module, Modules } from './modules.ts'
import { bytesOf } from './plan.ts'
import type { Step } from './deploy.ts'

/** A canister of a deployment, as the chain has it now. */
export interface UpgradableCanister {
  readonly name: ContractName
  readonly canister: string
  /** SHA-256 of its module and of the one of this release, hexadecimal. */
  readonly before: string
  readonly after: string
  /** False where it has this release already. */
  readonly isOlder: boolean
  readonly controllers: readonly string[]
}

export interface UpgradeInit {
  readonly rpc: Endpoints
  readonly modules: Modules
  readonly deployment: Deployment
  /** Principal of whoever upgrades. @default nobody: looking only */
  readonly owner?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What an upgrade would do. @throws CHAIN_DEPLOY (chain) when it must not be done; ANCHOR_UNREACHABLE (transport) */
export async function planUpgrade(init: UpgradeInit): Promise<readonly UpgradableCanister[]> {
  const { contracts } = init.deployment
  const canisters: UpgradableCanister[] = []
  for (const name of CONTRACT_NAMES) {
    const contract = contracts[name]
    if (contract !== undefined) canisters.push(await upgradable(init, name, contract))
  }
  return canisters
}

async function upgradable(
  { rpc, modules, deployment, owner, signal }: UpgradeInit,
  name: ContractName,
  { address, codeHash }: { readonly address: string; readonly codeHash?: string | undefined },
): Promise<UpgradableCanister> {
  const canister = bytesOf(address)
  const found = await readCanister(rpc, canister, signal)
  const { codeHash: before, controllers } = found ?? { codeHash: undefined, controllers: [] }
  const { codeHash: after, candid } = modules[name]
  if (before === undefined) {
    throw deployError(
      `there is no ${name} in ${address}: put it there with \`merogate chain deploy\``,
      address,
    )
  }
  const same = { name, canister: address, before, after, controllers }
  if (before === after) return { ...same, isOlder: false }
  if (before !== codeHash) {
    throw deployError(
      `expected ${name} of the deployment in ${address}, got a module of SHA-256 ${before}, which the file does not know: that is no canister of ours`,
      address,
    )
  }
  const network = await readNetworkOf(rpc, name, canister, signal)
  if (network !== deployment.network) {
    throw deployError(`expected ${address} to be of ${deployment.network}, got ${network}`, address)
  }
  const offered = await readMetadata(rpc, canister, 'candid:service', signal)
  const taken = takenFrom(offered, candid)
  if (taken.length > 0) {
    throw deployError(
      `the module of this release takes something away from those who call ${address}: ${taken.join(', ')}: nothing was sent`,
      address,
    )
  }
  if (controllers.length === 0) {
    throw deployError(`nobody controls ${address}, so nobody can upgrade it`, address)
  }
  if (owner !== undefined && !controllers.includes(owner)) {
    throw deployError(`${owner} is no controller of ${address}, and cannot upgrade it`, address)
  }
  return { ...same, isOlder: true }
}

/** What somebody who calls a canister would miss; a canister that does not say what it offers may not be one of ours. */
function takenFrom(before: string | undefined, after: string | undefined): readonly string[] {
  if (before === undefined) return ['it does not say what it offers']
  try {
    return takenAway(before, after ?? '')
  } catch (error) {
    if (error instanceof CandidSyntaxError)
      return [`its interface cannot be read: ${error.message}`]
    throw error
  }
}

/** Upgrades what is older, and checks it. Repeated, it does what is left. @throws CHAIN_DEPLOY (chain), ANCHOR_UNREACHABLE (transport) */
export async function upgradeContracts(
  init: UpgradeInit &
    CallsInit & { readonly onStep?: (step: Step, name: ContractName, canister: string) => void },
): Promise<Deployment> {
  const { modules, deployment, onStep, signal } = init
  const hashes = new Map<ContractName, string>()
  for (const { name, canister: address, isOlder, after } of await planUpgrade(init)) {
    const canister = bytesOf(address)
    const module: Module = modules[name]
    if (isOlder) {
      await install(init, { canister, module, mode: 'upgrade', arg: NOTHING }, signal)
      onStep?.('upgraded', name, address)
    }
    await checkInstalled(init, name, canister, module, signal)
    const network = await readNetworkOf(init.rpc, name, canister, signal)
    if (network !== deployment.network) {
      throw deployError(`${address} forgot its network: it says ${network}`, address)
    }
    onStep?.('checked', name, address)
    hashes.set(name, after)
  }
  const { contexts, packages } = deployment.contracts
  const now = (name: ContractName): { readonly codeHash: string | undefined } => ({
    codeHash: hashes.get(name),
  })
  return {
    ...deployment,
    contracts: {
      contexts: { ...contexts, ...now('contexts') },
      ...(packages === undefined ? {} : { packages: { ...packages, ...now('packages') } }),
    },
  }
}
