/** Contracts on NEAR, for `merogate chain deploy`: what is there, what the rest costs, and sending it. */
import { ACCOUNT_ID, NEAR } from '../../../chains/near/constants.ts'
import { deployContracts } from '../../../chains/near/deploy/deploy.ts'
import { planDeployment } from '../../../chains/near/deploy/plan.ts'
import { assertAffordable, type Quote, quoteDeployment } from '../../../chains/near/deploy/quote.ts'
import { pollMsFor } from '../../../chains/near/defaults.ts'
import { readKeys } from '../../../chains/near/key.ts'
import { nearHeights } from '../../../chains/near/rpc/head.ts'
import { nearRpc } from '../../../chains/near/rpc/rpc.ts'
import { signingKeys } from '../../../chains/near/send/account.ts'
import { TransactionSender } from '../../../chains/near/send/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { toMerogateError } from '../../../node/errors.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { secretReference } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import type { Deployment } from '../chain.ts'
import { resolveNetwork } from '../network.ts'
import { accountArgument } from './arguments.ts'
import { quoteLines } from './deploy-text.ts'
import { openOutFile } from './deployment-file.ts'
import { NETWORKS_OF_NEAR } from './network.ts'

export interface DeployOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly account?: string
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly dryRun?: true
}

/** Reads the options, then asks every endpoint which chain it serves. @throws CLI_USAGE, CHAIN_KEY (input), and what {@link resolveNetwork} throws */
export async function openDeployment(options: DeployOptions, output: Output): Promise<Deployment> {
  const { account: given, keyFile, keyEnv, dryRun } = options
  const reference = secretReference(keyFile, keyEnv)
  if (reference === undefined && dryRun !== true) {
    const message =
      'who pays? Name the key with --key-file or --key-env, or look first with --dry-run'
    throw cliError('CLI_USAGE', message)
  }
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
        missing: missingOf(quote),
      }
    },
    openFile: (path, { force }) => openOutFile(path, { chainId, force, addresses }),
    async send(told) {
      // a plan without a key is for looking only
      if (keys === undefined) throw cliError('CLI_USAGE', 'expected a key: nobody can pay')
      const waiting = { rpc, heights: nearHeights(rpc, systemClock), pollMs: pollMsFor(urls) }
      const payer = { account, signers: signingKeys(keys) }
      const sender = new TransactionSender({ ...waiting, ...payer, ...parts })
      const deployment = await deployContracts({
        ...{ rpc, sender, chainId, network: name },
        onSigned: (contract, transaction) => told.note(`${contract.name}  sent ${transaction}`),
        onContract({ name: contract, address }, mined) {
          if (mined === undefined) return // the plan has said so
          const { transaction, block } = mined
          told.event(
            { event: 'contract', contract, address, transaction, block },
            `${contract}  ${address}  block ${block}`,
          )
        },
      })
      return { deployment, text: 'nobody has a key to these accounts: their code stays as it is' }
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}

/** Why it cannot be paid. */
function missingOf(quote: Quote): Error | undefined {
  try {
    assertAffordable(quote)
    return undefined
  } catch (error) {
    return toMerogateError(error)
  }
}
