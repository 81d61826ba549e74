/**
 * Deploying the canisters: each is made through the cycles ledger by a request that is written down first, filled, checked, and given cycles for months
 * before it would freeze. What is there already is left alone, so a deployment may be repeated at any time, also after one that was interrupted.
 */
import { Principal } from '@dfinity/principal'
import type { DeployedContract } from '../../shared/deployment.ts'
import type { CallsInit } from '../rpc/calls.ts'
import { CYCLES_LEDGER } from '../constants.ts'
import { principalText } from '../principal.ts'
import { type Created, initArgument, LEDGER } from './candid.ts'
import {
  callMethod,
  type Certified,
  deployError,
  manage,
  readCanister,
  readChainTime,
} from './chain.ts'
import type { Deployment } from './deployment.ts'
import { readNetworkOf } from './info.ts'
import { checkInstalled, install } from './install.ts'
import type { Journal } from './journal.ts'
import { CONTRACT_NAMES, type ContractName } from '../../shared/core/artifacts.ts'
import type { Modules } from './modules.ts'
import { bytesOf, type Controllers, FREEZING_SECONDS, stateOf } from './plan.ts'

/** What happened to a canister: see {@link DeployInit.onStep}. */
export type Step = 'created' | 'installed' | 'upgraded' | 'checked' | 'dropped'

export interface DeployInit extends CallsInit {
  readonly modules: Modules
  /** As it follows from the root key. */
  readonly network: string
  /** DER, hexadecimal; undefined for the main network. */
  readonly rootKey: string | undefined
  /** Principal of whoever signs the calls. */
  readonly owner: string
  /** Canisters that are known: named by whoever deploys, or by a file. */
  readonly known: Readonly<Partial<Record<ContractName, string>>>
  /** Cycles that each new one gets. */
  readonly cycles: bigint
  readonly controllers: Controllers
  /** Canister of contexts whose groups may move to the new one. @default none */
  readonly predecessor?: string | undefined
  readonly journal: Journal
  /** Told of each step when it is done. */
  readonly onStep?: ((step: Step, name: ContractName, canister: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes, fills and checks every canister that is not there yet, and says where they are. Whoever deploys gives them up last, if at all. The journal
 * stays, for until somebody has written down where they are it is the only one that knows.
 * @throws CHAIN_DEPLOY (chain), CHAIN_FUNDS (chain), CHAIN_DEPLOYMENT (input), ANCHOR_UNREACHABLE (transport)
 */
export async function deployContracts(init: DeployInit): Promise<Deployment> {
  const { network, rootKey, journal, controllers } = init
  const made = new Map<ContractName, DeployedContract>()
  for (const name of CONTRACT_NAMES) {
    const address =
      init.known[name] ?? journal.canisters[name]?.canister ?? (await create(init, name))
    await fill(init, name, address)
    made.set(name, { address, codeHash: init.modules[name].codeHash })
  }
  // whoever gave one up could not mend the other
  if (controllers === 'drop') {
    for (const [name, { address }] of made) await drop(init, name, address)
  }
  const [contexts, packages] = [made.get('contexts'), made.get('packages')]
  if (contexts === undefined) throw deployError('the plan has not all canisters')
  return {
    ...{ version: 1, chain: 'icp', network },
    ...(rootKey === undefined ? {} : { rootKey }),
    contracts: { contexts, ...(packages === undefined ? {} : { packages }) },
  }
}

/** Has the ledger make a canister: the one of this request, if it was made already. */
async function create(init: DeployInit, name: ContractName): Promise<string> {
  const { journal, cycles, owner, onStep, signal } = init
  const ledger = bytesOf(CYCLES_LEDGER)
  // two requests of one time and amount would be one canister
  const others = new Set(Object.values(journal.canisters).map(({ createdAt }) => createdAt))
  let creation = journal.canisters[name]
  if (creation === undefined) {
    let createdAt = await readChainTime(init.rpc, ledger, signal)
    while (others.has(String(createdAt))) createdAt++
    creation = { createdAt: String(createdAt), cycles: String(cycles) }
    await journal.set(name, creation)
  }
  const settings = {
    controllers: [[Principal.fromText(owner)]],
    freezing_threshold: [FREEZING_SECONDS],
  }
  const request = {
    ...{ from_subaccount: [], created_at_time: [BigInt(creation.createdAt)] },
    amount: BigInt(creation.cycles),
    creation_args: [{ subnet_selection: [], settings: [settings] }],
  }
  const answer = await callMethod<Created>(
    init,
    { canister: ledger },
    LEDGER.create,
    [request],
    signal,
  )
  const canister = canisterOf(answer, name, journal)
  await journal.set(name, { ...creation, canister })
  onStep?.('created', name, canister)
  return canister
}

/** @throws CHAIN_DEPLOY (chain) */
function canisterOf(answer: Created, name: ContractName, journal: Journal): string {
  if ('Ok' in answer) return answer.Ok.canister_id.toText()
  const { Err: refusal } = answer
  if ('Duplicate' in refusal) {
    const [canister] = refusal.Duplicate.canister_id
    if (canister !== undefined) return canister.toText()
  }
  throw deployError(`the cycles ledger made no canister for ${name}: ${whyOf(refusal, journal)}`)
}

function whyOf(refusal: Extract<Created, { Err: unknown }>['Err'], journal: Journal): string {
  if ('InsufficientFunds' in refusal)
    return `the account has ${refusal.InsufficientFunds.balance} cycles`
  if ('TooOld' in refusal) {
    return `the request in ${journal.path} is older than a day, so nobody can say whether it was made: look for it among your canisters, name it with --canister, and move that file away`
  }
  if ('FailedToCreate' in refusal) return refusal.FailedToCreate.error
  if ('GenericError' in refusal) return refusal.GenericError.message
  if ('CreatedInFuture' in refusal) return 'its clock is behind: try again'
  return 'it cannot do so now, repeating is safe'
}

/** Puts the module into a canister that is empty, and checks one that is not. */
async function fill(init: DeployInit, name: ContractName, address: string): Promise<void> {
  const { rpc, modules, network, owner, onStep, signal } = init
  const { codeHash } = modules[name]
  const canister = bytesOf(address)
  const found = await readCanister(rpc, canister, signal)
  const state = stateOf(found, { name, canister: address, codeHash, owner })
  const isOurs = found?.controllers.includes(owner) === true
  if (state === 'empty') {
    const before = name === 'contexts' ? init.predecessor : undefined
    const arg = initArgument(network, before === undefined ? undefined : Principal.fromText(before))
    await install(init, { canister, module: modules[name], mode: 'install', arg }, signal)
    onStep?.('installed', name, address)
  }
  if (isOurs) await keepFor(init, canister)
  await check(init, name, canister)
  onStep?.('checked', name, address)
}

/** Has a canister keep cycles for months, whoever made it. */
async function keepFor(init: DeployInit, canister: Uint8Array): Promise<void> {
  const about = { canister_id: Principal.fromUint8Array(canister) }
  const { signal } = init
  const { settings } = await manage<Status>(init, canister, 'canister_status', about, signal)
  if (settings.freezing_threshold >= FREEZING_SECONDS) return
  const wanted = { controllers: [], freezing_threshold: [FREEZING_SECONDS] }
  await manage(init, canister, 'update_settings', { ...about, settings: wanted }, signal)
}

interface Status {
  readonly settings: { readonly freezing_threshold: bigint }
}

/** @throws CHAIN_DEPLOY (chain) */
async function check(init: DeployInit, name: ContractName, canister: Uint8Array): Promise<void> {
  const { rpc, modules, network, signal } = init
  await checkInstalled(init, name, canister, modules[name], signal)
  const told = await readNetworkOf(rpc, name, canister, signal)
  if (told !== network) {
    const id = principalText(canister)
    throw deployError(`expected ${id} to be of the network ${network}, got ${told}`, id)
  }
}

/** Gives a canister up: nobody can change or stop it afterwards. */
async function drop(init: DeployInit, name: ContractName, address: string): Promise<void> {
  const { rpc, owner, onStep, signal } = init
  const canister = bytesOf(address)
  const read = async (): Promise<Certified['controllers']> =>
    (await readCanister(rpc, canister, signal))?.controllers ?? []
  const before = await read()
  if (before.length === 0) return
  if (!before.includes(owner)) {
    throw deployError(`${owner} is no controller of ${address}, and cannot give it up`, address)
  }
  const settings = { controllers: [[]], freezing_threshold: [] }
  const value = { canister_id: Principal.fromUint8Array(canister), settings }
  await manage(init, canister, 'update_settings', value, signal)
  if ((await read()).length > 0) throw deployError(`${address} still has controllers`, address)
  onStep?.('dropped', name, address)
}
