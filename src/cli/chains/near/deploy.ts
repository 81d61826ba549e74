/** Contracts on NEAR, for `merogate chain deploy`: what is there, what the rest costs, and sending it. */
import { ACCOUNT_ID, NEAR } from '../../../chains/near/constants.ts'
import { deployContracts } from '../../../chains/near/deploy/deploy.ts'
import { planDeployment } from '../../../chains/near/deploy/plan.ts'
import { assertAffordable, quoteDeployment } from '../../../chains/near/deploy/quote.ts'
import { deployments } from '../../../chains/near/deploy/deployment.ts'
import { POLL_MS } from '../../../chains/near/limits.ts'
import { readKeys } from '../../../chains/near/key.ts'
import { nearHeights } from '../../../chains/near/rpc/head.ts'
import { nearRpc } from '../../../chains/near/rpc/rpc.ts'
import { signingKeys } from '../../../chains/near/send/account.ts'
import { TransactionSender } from '../../../chains/near/send/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import type { Deployment } from '../chain.ts'
import {
  keyToSend,
  missingOf,
  payerReference,
  type PayerOptions,
  toldTo,
} from '../shared/deploying.ts'
import { openDeploymentFile } from '../shared/deployment-file.ts'
import { resolveNetwork } from '../shared/network.ts'
import { accountArgument } from './arguments.ts'
import { quoteLines } from './deploy-text.ts'
import { NETWORKS_OF_NEAR } from './network.ts'

export interface DeployOptions extends PayerOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly account?: string
}

/** Reads the options, then asks every endpoint which chain it serves. @throws CLI_USAGE, CHAIN_KEY (input), and what {@link resolveNetwork} throws */
export async function openDeployment(options: DeployOptions, output: Output): Promise<Deployment> {
  const { account: given } = options
  const reference = payerReference(options)
  const named = given === undefined ? undefined : accountArgument('--account', given)
  const keys = reference === undefined ? undefined : await readKeys(reference, named)
  const account = keys?.account ?? named
  if (account === undefined) throw cliError('CLI_USAGE', 'expected --account: who would pay?')
  const addresses = planDeployment(account).map(({ address }) => address)
  if (!addresses.every((address) => ACCOUNT_ID.test(address))) {
    const message = `expected --account to be a name that has room for others below it, got ${account}: ${addresses[0]} is too long`
    throw cliError('CLI_USAGE', message)
  }
  const network = await resolveNetwork(options.network, options.rpcUrl, output, NETWORKS_OF_NEAR)
  const { chainId, rpcUrls: urls, name } = network
  const parts = { clock: systemClock, logger: silentLogger }
  const rpc = nearRpc({ urls, chainId, ...parts })
  return {
    network: name,
    async plan() {
      const quote = await quoteDeployment({ rpc, account })
      const { totalCost } = quote
      return {
        facts: jsonSafe({ network: name, chainId, ...quote }),
        ...quoteLines({ network: name, chainId, ...quote }),
        cost: totalCost > 0n ? amountText(totalCost, NEAR) : undefined,
        missing: missingOf(() => assertAffordable(quote)),
      }
    },
    openFile: (path, { force }) =>
      openDeploymentFile(path, { files: deployments, network: chainId, force, addresses }),
    async send(told) {
      const signers = signingKeys(keyToSend(keys))
      const waiting = {
        rpc,
        heights: nearHeights(rpc, systemClock),
        pollMs: pollMsFor(urls, POLL_MS),
      }
      const payer = { account, signers }
      const sender = new TransactionSender({ ...waiting, ...payer, ...parts })
      const deployment = await deployContracts({
        ...{ rpc, sender, chainId, network: name },
        ...toldTo(told),
      })
      return { deployment, text: 'nobody has a key to these accounts: their code stays as it is' }
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}
