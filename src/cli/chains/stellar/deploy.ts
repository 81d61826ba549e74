/** Contracts on Stellar, for `merogate chain deploy`: what is there, what the rest costs, and sending it. */
import { deployContracts } from '../../../chains/stellar/deploy/deploy.ts'
import { deployments, readDeployment } from '../../../chains/stellar/deploy/deployment.ts'
import { planDeployment } from '../../../chains/stellar/deploy/plan.ts'
import {
  assertAffordable,
  quoteDeployment,
  type Quote,
} from '../../../chains/stellar/deploy/quote.ts'
import { XLM } from '../../../chains/stellar/constants.ts'
import { readKey } from '../../../chains/stellar/key.ts'
import { POLL_MS } from '../../../chains/stellar/limits.ts'
import { stellarHeights } from '../../../chains/stellar/rpc/head.ts'
import { stellarRpc } from '../../../chains/stellar/rpc/rpc.ts'
import { TransactionSender } from '../../../chains/stellar/send/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { isMerogateError } from '../../../node/errors.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import type { Deployment } from '../chain.ts'
import { keyToSend, missingOf, payerReference, type PayerOptions } from '../shared/deploying.ts'
import { openDeploymentFile } from '../shared/deployment-file.ts'
import { resolveNetwork } from '../shared/network.ts'
import { accountArgument } from './arguments.ts'
import { DONE, quoteLines } from './deploy-text.ts'
import { NETWORKS_OF_STELLAR } from './network.ts'

export interface DeployOptions extends PayerOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly account?: string
}

/** How much more than the plan said a deployment may cost, percent: what is not there yet is estimated. */
const MORE_PERCENT = 25n

/** Reads the options, then asks every endpoint which network it serves. @throws CLI_USAGE, CHAIN_KEY (input), and what {@link resolveNetwork} throws */
export async function openDeployment(options: DeployOptions, output: Output): Promise<Deployment> {
  const { account: given } = options
  const reference = payerReference(options)
  const named = given === undefined ? undefined : accountArgument('--account', given)
  const key = reference === undefined ? undefined : await readKey(reference)
  const deployer = key?.address ?? named
  if (deployer === undefined) {
    const message = 'expected --account or a key: addresses of contracts follow from who makes them'
    throw cliError('CLI_USAGE', message)
  }
  if (named !== undefined && named !== deployer) {
    throw cliError('CLI_USAGE', `expected a key of ${named}, got one of ${deployer}`)
  }
  const found = await resolveNetwork(options.network, options.rpcUrl, output, NETWORKS_OF_STELLAR)
  const { chainId: passphrase, rpcUrls: urls, name: network } = found
  const parts = { clock: systemClock, logger: silentLogger }
  const rpc = stellarRpc({ urls, passphrase, ...parts })
  const pollMs = pollMsFor(urls, POLL_MS)
  const heights = stellarHeights(rpc, systemClock, pollMs)
  const contracts = planDeployment(passphrase, deployer)
  let limit = 0n
  return {
    network,
    async plan(path) {
      const quote = await quoteDeployment({ heights, contracts, deployer })
      limit = quote.needed + (quote.needed * MORE_PERCENT) / 100n
      const reset = await resetText(path, passphrase, quote)
      const { contracts: quoted, ...rest } = quote
      const shown = quoted.map(({ salt: _salt, ...contract }) => contract)
      return {
        facts: jsonSafe({
          network,
          passphrase,
          ...rest,
          contracts: shown,
          isReset: reset !== undefined,
        }),
        ...quoteLines({ ...quote, network, passphrase, reset }),
        cost: quote.totalCost > 0n ? amountText(quote.totalCost, XLM) : undefined,
        missing: missingOf(() => assertAffordable(quote)),
      }
    },
    openFile: (path, { force }) =>
      openDeploymentFile(path, {
        ...{ files: deployments, network: passphrase, force },
        addresses: contracts.map(({ address }) => address),
      }),
    async send(told) {
      const sender = new TransactionSender({
        ...{ rpc, heights, pollMs, passphrase, key: keyToSend(key), ...parts },
      })
      const deployment = await deployContracts({
        ...{ heights, sender, network, passphrase, limit },
        onSigned: ({ name }, transaction) => told.note(`${name}  sent ${transaction}`),
        onStep({ name: contract, address }, { step, transaction, block }) {
          told.event(
            { event: 'contract', step: DONE[step], contract, address, transaction, block },
            `${contract}  ${address}  ${DONE[step]} in ledger ${block}`,
          )
        },
      })
      const text =
        'nobody has rights over these contracts, whoever made them: their code stays as it is'
      return { deployment, text }
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}

/** What to say where a file tells of contracts that are not there any more: test networks begin anew from time to time. */
async function resetText(
  path: string,
  passphrase: string,
  { contracts, ledger }: Quote,
): Promise<string | undefined> {
  const written = await writtenAt(path)
  if (written?.passphrase !== passphrase) return undefined
  const gone = contracts.filter(({ name, address, liveUntil }) => {
    return liveUntil === undefined && written.contracts[name]?.address === address
  })
  const [first] = gone
  if (first === undefined) return undefined
  const { height } = written.contracts[first.name] ?? {}
  const when = height === undefined ? '' : ` in ledger ${height}`
  return `reset    ${path} says that ${first.name} was made${when}, and at ledger ${ledger} there is nothing: the network began anew since. The contracts get the same addresses again; contexts that were there are gone.`
}

/** The file of an earlier run, if there is one. */
async function writtenAt(
  path: string,
): Promise<Awaited<ReturnType<typeof readDeployment>> | undefined> {
  try {
    return await readDeployment(path)
  } catch (error) {
    // which is told when the file is opened
    if (isMerogateError(error, 'CHAIN_DEPLOYMENT')) return undefined
    throw error
  }
}
