/**
 * Deploying the contracts: by the deterministic deployer, so that the addresses follow from the code alone and are the same on every chain.
 * What is there already is left alone, so a deployment may be repeated at any time, also after one that was interrupted.
 */
import { ethereumRpc } from '../rpc/rpc.ts'
import { Wallet } from 'ethers'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { ContractName } from '../contracts/artifacts.ts'
import { isRevert } from '../contracts/codec.ts'
import { ensureDeployer, hasCode } from './deployer.ts'
import type { Deployment } from './deployment.ts'
import type { DeployedContract } from '../../shared/deployment.ts'
import { ethereumError } from '../errors.ts'
import type { FinalityRule } from '../rpc/head.ts'
import { DEFAULT_MAX_FEE_PER_GAS } from '../limits.ts'
import { LOCAL_POLL_MS } from '../../shared/limits.ts'
import { compilerVersion, creationOf, planDeployment, type PlannedContract } from './plan.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { deployed, type DeployEvents, makeContract, notMade } from '../../shared/deploy.ts'
import type { Sent } from '../../shared/delivery.ts'
import { TransactionSender } from '../send/sender.ts'

export interface DeployInit extends DeployEvents<PlannedContract> {
  readonly rpc: Endpoints
  readonly sender: TransactionSender
  readonly network: string
  readonly chainId: number
  /** Contract of contexts whose groups may move to the new one. @default none */
  readonly predecessor?: string | undefined
  /** Called once when all lie in a block and only finality is waited for. */
  readonly onMined?: () => void
}

/**
 * Puts every contract on the chain that is not there yet, waits until that is final, and says where they are.
 * @throws CHAIN_DEPLOY (chain), CHAIN_FUNDS (chain), CHAIN_FEE (limit), ANCHOR_UNREACHABLE (transport)
 */
export async function deployContracts(init: DeployInit): Promise<Deployment> {
  const { rpc, sender, onContract, signal } = init
  const plan = planDeployment(init.predecessor)
  const sent = new Map<ContractName, Sent>()
  let isDeployerThere = false
  for (const contract of plan) {
    if (await hasCode(rpc, contract.address, signal)) {
      onContract?.(contract, undefined)
      continue
    }
    if (!isDeployerThere) await ensureDeployer(rpc, sender, signal)
    isDeployerThere = true
    const made = await makeContract(
      'ethereum',
      contract,
      {
        send: (onSigned) => sender.send(creationOf(contract), onSigned, signal),
        isThere: () => hasCode(rpc, contract.address, signal),
        isOpen: isRevert,
      },
      init.onSigned,
    )
    if (made !== undefined) sent.set(contract.name, made)
    onContract?.(contract, made)
  }
  if (sent.size > 0) init.onMined?.()
  const made: Partial<Record<ContractName, DeployedContract>> = {}
  for (const contract of plan) {
    const final = await sent.get(contract.name)?.final(signal)
    if (final !== undefined && !(await hasCode(rpc, contract.address, signal))) {
      throw notMade('ethereum', contract, final.transaction)
    }
    made[contract.name] = deployed({ address: contract.address }, final)
  }
  return toDeployment(init, plan, made)
}

function toDeployment(
  { network, chainId }: Pick<DeployInit, 'network' | 'chainId'>,
  plan: readonly PlannedContract[],
  made: Partial<Record<ContractName, DeployedContract>>,
): Deployment {
  const { IdentityRegistry, ContextAnchor, PackageRegistry } = made
  if (IdentityRegistry === undefined || ContextAnchor === undefined) {
    throw ethereumError('CHAIN_DEPLOY', 'the plan has not all contracts')
  }
  return {
    version: 1,
    chain: 'ethereum',
    network,
    chainId,
    contracts: {
      identityRegistry: IdentityRegistry,
      contextAnchor: ContextAnchor,
      ...(PackageRegistry === undefined ? {} : { packageRegistry: PackageRegistry }),
    },
    verification: {
      compiler: compilerVersion(),
      constructorArguments: Object.fromEntries(
        plan.map(({ name, constructorArguments }) => [name, constructorArguments]),
      ),
    },
  }
}

/** What a deployment by itself is given: endpoints and a key. */
export interface DeployWithInit extends Omit<DeployInit, 'rpc' | 'sender'> {
  readonly rpcUrls: readonly string[]
  /** Private key of the account that pays, hexadecimal with 0x. */
  readonly key: string
  readonly finality: FinalityRule
  /** Wei per gas. @default DEFAULT_MAX_FEE_PER_GAS */
  readonly maxFeePerGas?: bigint
  /** @default LOCAL_POLL_MS */
  readonly pollMs?: number
  readonly clock: Clock
  readonly logger: Logger
}

/** As {@link deployContracts}, with connections of its own. */
export async function deployWith(init: DeployWithInit): Promise<Deployment> {
  const { rpcUrls: urls, chainId, clock, logger, finality, pollMs = LOCAL_POLL_MS } = init
  const rpc = ethereumRpc({ urls, chainId, clock, logger })
  try {
    const wallet = new Wallet(init.key)
    const fees = { maxFeePerGas: init.maxFeePerGas ?? DEFAULT_MAX_FEE_PER_GAS }
    const sender = new TransactionSender({
      ...{ rpc, wallet, chainId, fees, finality, clock, logger, pollMs },
    })
    return await deployContracts({ ...init, rpc, sender })
  } finally {
    rpc.stop()
  }
}
