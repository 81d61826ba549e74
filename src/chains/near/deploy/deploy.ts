/**
 * Deploying the contracts: each by one transaction that creates its account, deploys, initialises and leaves no key, so that nobody can come between, or
 * change it later. What is there already is left alone, so a deployment may be repeated at any time, also after one that was interrupted.
 */
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import type { Logger } from '../../../node/primitives/logger.ts'
import type { DeployedContract } from '../../shared/deployment.ts'
import { deployed, type DeployEvents, makeContract } from '../../shared/deploy.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'
import type { ContractName } from '../../shared/core/artifacts.ts'
import { pollMsFor } from '../../shared/poll.ts'
import { POLL_MS } from '../limits.ts'
import { nearError } from '../errors.ts'
import { nearHeights } from '../rpc/head.ts'
import { nearRpc } from '../rpc/rpc.ts'
import type { Payer } from '../service.ts'
import { TransactionSender } from '../send/sender.ts'
import type { Deployment } from './deployment.ts'
import { creationOf, planDeployment, type PlannedContract } from './plan.ts'
import { isPresent } from './quote.ts'

export interface DeployInit extends DeployEvents<PlannedContract> {
  readonly rpc: Endpoints
  readonly sender: TransactionSender
  /** Name for invitations and people. */
  readonly network: string
  readonly chainId: string
}

/**
 * Puts every contract on the chain that is not there yet, waits until that is final, and says where they are.
 * @throws CHAIN_DEPLOY (chain), CHAIN_FUNDS (chain), CHAIN_KEY (input), ANCHOR_UNREACHABLE (transport)
 */
export async function deployContracts(init: DeployInit): Promise<Deployment> {
  const { rpc, sender, network, chainId, onSigned, onContract, signal } = init
  const made = new Map<ContractName, DeployedContract>()
  for (const contract of planDeployment(sender.account)) {
    const { name, address, codeHash } = contract
    const isThere = (): Promise<boolean> => isPresent(rpc, contract, signal)
    const sent = (await isThere())
      ? undefined
      : await makeContract(
          'near',
          contract,
          {
            send: (signed) =>
              sender.send(
                { receiver: address, actions: creationOf(contract, chainId) },
                { signal, onSigned: signed },
              ),
            ...{ isThere, isOpen },
          },
          onSigned,
        )
    const final = await sent?.final(signal)
    onContract?.(contract, final)
    made.set(name, deployed({ address, codeHash }, final))
  }
  const [contexts, packages] = [made.get('contexts'), made.get('packages')]
  if (contexts === undefined) throw nearError('CHAIN_DEPLOY', 'the plan has not all contracts')
  const contracts = { contexts, ...(packages === undefined ? {} : { packages }) }
  return { version: 1, chain: 'near', network, chainId, contracts }
}

/** Whether an error leaves open who made a contract: its nonce went to something else, perhaps to what another run of this sent. */
function isOpen(error: unknown): boolean {
  return isMerogateError(error, 'NEAR_REPLACED') || rpcErrorKind(error) === 'nonce'
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
    const waiting = { rpc, heights, clock, pollMs: pollMsFor(urls, POLL_MS) }
    const sender = new TransactionSender({ ...waiting, ...payer, logger })
    return await deployContracts({ ...init, rpc, sender })
  } finally {
    rpc.stop()
  }
}
