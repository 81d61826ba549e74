/** Contracts on Ethereum, for `merogate chain deploy`: what is there, what the rest costs, and sending it. */
import { ethereumRpc } from '../../../chains/ethereum/rpc/rpc.ts'
import { Wallet } from 'ethers'
import type { Deployment as DeploymentFile, FinalityRule } from '../../../chains/ethereum/index.ts'
import { deployContracts } from '../../../chains/ethereum/deploy/deploy.ts'
import { readKey } from '../../../chains/ethereum/key.ts'
import { DEFAULT_MAX_FEE_PER_GAS, POLL_MS } from '../../../chains/ethereum/limits.ts'
import { networkName } from '../../../chains/ethereum/constants.ts'
import { deployments } from '../../../chains/ethereum/deploy/deployment.ts'
import { planDeployment } from '../../../chains/ethereum/deploy/plan.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { assertAffordable, quoteDeployment } from '../../../chains/ethereum/deploy/quote.ts'
import type { Endpoints } from '../../../chains/shared/endpoints.ts'
import { TransactionSender } from '../../../chains/ethereum/send/sender.ts'
import { ether } from '../../../chains/ethereum/deploy/units.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import type { Deployment } from '../chain.ts'
import { addressArgument, finalityArgument, maxFeeArgument } from './arguments.ts'
import { quoteLines, verificationText } from './deploy-text.ts'
import {
  keyToSend,
  missingOf,
  payerReference,
  type PayerOptions,
  toldTo,
} from '../shared/deploying.ts'
import { openDeploymentFile } from '../shared/deployment-file.ts'
import { type Network, resolveNetwork } from '../shared/network.ts'
import { NETWORKS_OF_ETHEREUM } from './network.ts'

/** Blocks above a contract's before its deployment counts: its address would be the same again, so little is at stake. */
const DEFAULT_CONFIRMATIONS = 5

export interface DeployOptions extends PayerOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly from?: string
  readonly predecessor?: string
  readonly maxFeeGwei?: string
  readonly finality?: string
}

/** Everything that follows from the options and from which chain answers. */
interface Place {
  readonly network: Network<number>
  readonly rpc: Endpoints
  readonly maxFeePerGas: bigint
  readonly finality: FinalityRule
  readonly predecessor: string | undefined
}

/** Reads the options, then asks every endpoint which chain it serves. @throws CLI_USAGE, CHAIN_KEY (input), and what {@link resolveNetwork} throws */
export async function openDeployment(options: DeployOptions, output: Output): Promise<Deployment> {
  const { maxFeeGwei, finality, from } = options
  const reference = payerReference(options)
  const maxFeePerGas =
    maxFeeGwei === undefined ? DEFAULT_MAX_FEE_PER_GAS : maxFeeArgument(maxFeeGwei)
  const rule = finality === undefined ? undefined : finalityArgument(finality)
  const payer = from === undefined ? undefined : addressArgument('--from', from)
  const { predecessor: given } = options
  const predecessor = given && addressArgument('--predecessor', given)
  const wallet = reference === undefined ? undefined : new Wallet(await readKey(reference))
  const { network: named, rpcUrl } = options
  const network = await resolveNetwork(named, rpcUrl, output, NETWORKS_OF_ETHEREUM)
  const { chainId, rpcUrls: urls } = network
  const rpc = ethereumRpc({ urls, chainId, clock: systemClock, logger: silentLogger })
  const isLocal = network.name === 'local'
  const chosen = rule ?? (isLocal ? 0 : DEFAULT_CONFIRMATIONS)
  return {
    network: network.name,
    async plan() {
      const asked = { rpc, from: wallet?.address ?? payer, maxFeePerGas, predecessor }
      const quote = await quoteDeployment(asked)
      const plan = { network: network.name, chainId, ...quote }
      return {
        facts: jsonSafe(plan),
        ...quoteLines(plan),
        cost: quote.totalGas > 0n ? ether(quote.totalCost) : undefined,
        missing: missingOf(() => assertAffordable(quote)),
      }
    },
    openFile: (path, { force }) =>
      openDeploymentFile(path, {
        ...{ files: deployments, network: chainId, force },
        addresses: planDeployment(predecessor).map(({ address }) => address),
        nameOf: (found) => networkName(found.chainId),
      }),
    async send(told) {
      const place = { network, rpc, maxFeePerGas, finality: chosen, predecessor }
      const deployment = await send(place, keyToSend(wallet), told)
      return { deployment, text: verificationText(deployment) }
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}

/** Sends what is missing, a line per contract. */
async function send(place: Place, wallet: Wallet, output: Output): Promise<DeploymentFile> {
  const { network, rpc, maxFeePerGas, finality, predecessor } = place
  const { name, chainId, rpcUrls } = network
  const sender = new TransactionSender({
    ...{ rpc, wallet, chainId, finality, pollMs: pollMsFor(rpcUrls, POLL_MS) },
    fees: { maxFeePerGas },
    clock: systemClock,
    logger: silentLogger,
  })
  return deployContracts({
    ...{ rpc, sender, chainId, predecessor },
    network: name,
    ...toldTo(output),
    onMined() {
      if (finality !== 0) output.note(`waiting until that is final (${finality})`)
    },
  })
}
