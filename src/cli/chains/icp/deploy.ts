/** Canisters on the Internet Computer, for `merogate chain deploy` and `upgrade`: what is there, what the rest costs, and sending it. */
import { CREATION_CYCLES, CYCLES } from '../../../chains/icp/constants.ts'
import { releasedModules } from '../../../chains/icp/deploy/modules.ts'
import { deployContracts, type Step } from '../../../chains/icp/deploy/deploy.ts'
import {
  type Deployment as DeploymentFile,
  deployments,
  readDeployment,
} from '../../../chains/icp/deploy/deployment.ts'
import { readCanister } from '../../../chains/icp/deploy/chain.ts'
import { Journal } from '../../../chains/icp/deploy/journal.ts'
import { CONTRACT_NAMES, type ContractName } from '../../../chains/shared/core/artifacts.ts'
import { assertAffordable, bytesOf, planDeployment } from '../../../chains/icp/deploy/plan.ts'
import { planUpgrade, upgradeContracts } from '../../../chains/icp/deploy/upgrade.ts'
import { readKey } from '../../../chains/icp/key.ts'
import { POLL_MS } from '../../../chains/icp/limits.ts'
import { rootKeyOf } from '../../../chains/icp/network.ts'
import { principalText } from '../../../chains/icp/principal.ts'
import { icpRpc } from '../../../chains/icp/rpc/rpc.ts'
import { principalOf, senderOf } from '../../../chains/icp/rpc/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import type { Endpoints } from '../../../chains/shared/endpoints.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import type { SecretReference } from '../../../node/secret.ts'
import { rpcUrlsArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import type { Deployment } from '../chain.ts'
import { openDeploymentFile } from '../shared/deployment-file.ts'
import { keyToSend, missingOf, payerReference, type PayerOptions } from '../shared/deploying.ts'
import {
  canisterArgument,
  canistersArgument,
  controllersArgument,
  cyclesArgument,
} from './arguments.ts'
import { planLines, upgradeLines } from './deploy-text.ts'
import { networkFrom, writtenKey } from './network.ts'

/** Cycles that a new canister gets when nothing else is said, in T: making it, its reserve, and years of memory. */
const DEFAULT_CYCLES = '5'

export interface DeployOptions extends PayerOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly rootKey?: string
  readonly canister?: string[]
  readonly cycles?: string
  readonly controllers?: string
  readonly predecessor?: string
}

export interface UpgradeOptions extends PayerOptions {
  readonly deployment: string
  readonly rpcUrl: string[]
}

const PARTS = { clock: systemClock, logger: silentLogger }

/** Whoever signs calls, and the name of it. @throws CHAIN_KEY (input) */
async function ownerOf(reference: SecretReference | undefined) {
  if (reference === undefined) return undefined
  const sender = senderOf(await readKey(reference))
  return { sender, principal: principalText(principalOf(sender)) }
}

/** Tells of each step. */
function toldTo(output: Output) {
  return (step: Step, contract: ContractName, canister: string): void => {
    output.event(
      { event: 'contract', step, contract, canister },
      `${contract}  ${canister}  ${step}`,
    )
  }
}

/** Reads the options, then asks every endpoint which network it serves. @throws CLI_USAGE, CHAIN_KEY (input), and what `resolveNetwork` throws */
export async function openDeployment(options: DeployOptions, output: Output): Promise<Deployment> {
  const named = canistersArgument(options.canister)
  const cycles = cyclesArgument(options.cycles ?? DEFAULT_CYCLES)
  if (cycles <= CREATION_CYCLES) {
    const least = amountText(CREATION_CYCLES, CYCLES)
    throw cliError('CLI_USAGE', `expected --cycles above ${least}, which making a canister takes`)
  }
  const controllers = controllersArgument(options.controllers ?? 'keep')
  const { predecessor: before } = options
  const predecessor = before && canisterArgument('--predecessor', before)
  const owner = await ownerOf(payerReference(options))
  const place = await networkFrom(options.network, options.rpcUrl, options.rootKey, output)
  const { chainId: network, rpcUrls: urls, rootKey } = place
  const rpc = icpRpc({ urls, rootKey, sender: owner?.sender, ...PARTS })
  const modules = releasedModules()
  let known = named
  let file = ''
  let journal: Journal | undefined
  return {
    network,
    async plan(path) {
      file = path
      known = { ...(await writtenAt(path, network)), ...named }
      const principal = owner?.principal
      const begun = principal && (await Journal.open(path, { network, owner: principal })).canisters
      const all = { ...idsOf(begun || {}), ...known }
      const asked = { rpc, modules, known: all, cycles, controllers, owner: principal }
      const plan = await planDeployment(asked)
      return {
        facts: jsonSafe({ network, ...plan }),
        ...planLines(network, plan),
        cost: plan.totalCost > 0n ? amountText(plan.totalCost, CYCLES) : undefined,
        missing: missingOf(() => assertAffordable(plan)),
      }
    },
    openFile: (path, { force }) => {
      const addresses = Object.keys(named).length === 0 ? undefined : Object.values(named)
      return openDeploymentFile(path, { files: deployments, network, force, addresses })
    },
    async send(told) {
      const { principal } = keyToSend(owner)
      journal = await Journal.open(file, { network, owner: principal })
      const deployment = await deployContracts({
        ...{ rpc, modules, network, known, cycles, controllers, predecessor, owner: principal },
        ...{ clock: systemClock, pollMs: pollMsFor(urls, POLL_MS) },
        rootKey: writtenKey(place),
        journal,
        onStep: toldTo(told),
      })
      return { deployment, text: await whoText(rpc, deployment) }
    },
    async written() {
      await journal?.remove()
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}

/** Who can change what was deployed, as the network certifies it. */
async function whoText(rpc: Endpoints, { contracts }: DeploymentFile): Promise<string> {
  const who = new Set<string>()
  for (const name of CONTRACT_NAMES) {
    const address = contracts[name]?.address
    const found = address === undefined ? undefined : await readCanister(rpc, bytesOf(address))
    for (const controller of found?.controllers ?? []) who.add(controller)
  }
  const names = who.size === 0 ? 'nobody' : [...who].join(', ')
  return `who can upgrade, stop and delete these canisters from now on: ${names}`
}

/** Canisters of an earlier run that ended: those of its file, if it is of the same network. */
async function writtenAt(
  path: string,
  network: string,
): Promise<Readonly<Partial<Record<ContractName, string>>>> {
  try {
    const { contracts, network: written } = await readDeployment(path)
    if (written !== network) return {} // which is told when the file is opened
    const { contexts, packages } = contracts
    return { contexts: contexts.address, ...(packages && { packages: packages.address }) }
  } catch (error) {
    if (isMerogateError(error, 'CHAIN_DEPLOYMENT')) return {}
    throw error
  }
}

function idsOf(creations: Journal['canisters']): Readonly<Partial<Record<ContractName, string>>> {
  const entries = CONTRACT_NAMES.flatMap((name) => {
    const canister = creations[name]?.canister
    return canister === undefined ? [] : [[name, canister] as const]
  })
  return Object.fromEntries(entries)
}

/** Canisters of a deployment file that are brought to this release. @throws CLI_USAGE, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
export async function openUpgrade(options: UpgradeOptions): Promise<Deployment> {
  const owner = await ownerOf(payerReference(options))
  const deployment = await readDeployment(options.deployment)
  const { network } = deployment
  const urls = rpcUrlsArgument(options.rpcUrl)
  const rootKey = rootKeyOf(deployment)
  const rpc = icpRpc({ urls, rootKey, sender: owner?.sender, ...PARTS })
  const asked = { rpc, deployment, modules: releasedModules(), owner: owner?.principal }
  return {
    network,
    async plan() {
      const canisters = await planUpgrade(asked)
      const isAny = canisters.some(({ isOlder }) => isOlder)
      return {
        facts: jsonSafe({ network, canisters }),
        ...upgradeLines(network, canisters),
        cost: undefined,
        consent: isAny ? 'What these canisters do changes for everybody.' : undefined,
      }
    },
    openFile: (path) => openDeploymentFile(path, { files: deployments, network }),
    async send(told) {
      keyToSend(owner)
      const calls = { clock: systemClock, pollMs: pollMsFor(urls, POLL_MS) }
      const made = await upgradeContracts({ ...asked, ...calls, onStep: toldTo(told) })
      return { deployment: made, text: 'the canisters have this release' }
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}
