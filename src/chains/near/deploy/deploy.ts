/**
 * Deploying the contracts: each by one transaction that creates its account, deploys, initialises and leaves no key, so that nobody can come between, or
 * change it later. What is there already is left alone, so a deployment may be repeated at any time, also after one that was interrupted.
 */
import type { MerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { DeployedContract } from '../../shared/deployment.ts'
import type { Mined, Sent } from '../../shared/delivery.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'
import type { ContractName } from '../contracts/artifacts.ts'
import { pollMsFor } from '../defaults.ts'
import { nearError } from '../errors.ts'
import { nearHeights } from '../rpc/head.ts'
import { nearRpc } from '../rpc/rpc.ts'
import type { Payer } from '../service.ts'
import { TransactionSender } from '../send/sender.ts'
import type { Deployment } from './deployment.ts'
import { creationOf, planDeployment, type PlannedContract } from './plan.ts'
import { isPresent } from './quote.ts'
import { isMerogateError } from '../../../node/errors.ts'

export interface DeployInit {
  readonly rpc: Endpoints
  readonly sender: TransactionSender
  /** Name for invitations and people. */
  readonly network: string
  readonly chainId: string
  /** Told the name of every transaction that is signed to make a contract, before it is sent. */
  readonly onSigned?: (contract: PlannedContract, transaction: string) => void
  /** Told of a contract: where its transaction lies, or undefined when the contract was there before. */
  readonly onContract?: (contract: PlannedContract, mined: Mined | undefined) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Puts every contract on the chain that is not there yet, waits until that is final, and says where they are.
 * @throws CHAIN_DEPLOY (chain), CHAIN_FUNDS (chain), CHAIN_KEY (input), ANCHOR_UNREACHABLE (transport)
 */
export async function deployContracts(init: DeployInit): Promise<Deployment> {
  const { rpc, sender, network, chainId, onContract, signal } = init
  const made = new Map<ContractName, DeployedContract>()
  for (const contract of planDeployment(sender.account)) {
    const { name, address, codeHash } = contract
    const sent = (await isPresent(rpc, contract, signal)) ? undefined : await create(init, contract)
    const final = await sent?.final(signal)
    onContract?.(contract, final)
    made.set(name, {
      ...{ address, codeHash },
      ...(final === undefined ? {} : { transaction: final.transaction, height: final.block }),
    })
  }
  const [contexts, packages] = [made.get('contexts'), made.get('packages')]
  if (contexts === undefined) throw nearError('CHAIN_DEPLOY', 'the plan has not all contracts')
  const contracts = { contexts, ...(packages === undefined ? {} : { packages }) }
  return { version: 1, chain: 'near', network, chainId, contracts }
}

/** Makes a contract; undefined when another run was faster, which is as good. */
async function create(
  { rpc, sender, chainId, onSigned, signal }: DeployInit,
  contract: PlannedContract,
): Promise<Sent | undefined> {
  let transaction: string | undefined
  let cause: unknown
  try {
    const sent = await sender.send(
      { receiver: contract.address, actions: creationOf(contract, chainId) },
      {
        signal,
        onSigned(name) {
          transaction = name
          onSigned?.(contract, name)
        },
      },
    )
    if (!('refusal' in sent) && sent.succeeded) return sent
    if ('failure' in sent) cause = new Error(sent.failure)
  } catch (error) {
    // its nonce went to something else: perhaps to what another run of this sent
    if (!isMerogateError(error, 'NEAR_REPLACED') && rpcErrorKind(error) !== 'nonce') throw error
    cause = error
  }
  if (await isPresent(rpc, contract, signal)) return undefined
  throw notMade(contract, transaction, cause)
}

function notMade(
  { name, address }: PlannedContract,
  transaction: string | undefined,
  cause?: unknown,
): MerogateError {
  return nearError(
    'CHAIN_DEPLOY',
    `${transaction === undefined ? 'a transaction' : `the transaction ${transaction}`} made no ${name} at ${address}: repeating the deployment is safe`,
    { contract: name, address, ...(transaction === undefined ? {} : { transaction }) },
    { cause },
  )
}

/** What a deployment by itself is given: endpoints and an account. */
export interface DeployWithInit extends Omit<DeployInit, 'rpc' | 'sender'> {
  readonly rpcUrls: readonly string[]
  readonly payer: Payer
  readonly clock: Clock
  readonly logger: Logger
}

/** As {@link deployContracts}, with connections of its own. */
export async function deployWith(init: DeployWithInit): Promise<Deployment> {
  const { rpcUrls: urls, chainId, payer, clock, logger } = init
  const rpc = nearRpc({ urls, chainId, clock, logger })
  try {
    const heights = nearHeights(rpc, clock)
    const waiting = { rpc, heights, clock, pollMs: pollMsFor(urls) }
    const sender = new TransactionSender({ ...waiting, ...payer, logger })
    return await deployContracts({ ...init, rpc, sender })
  } finally {
    rpc.stop()
  }
}
