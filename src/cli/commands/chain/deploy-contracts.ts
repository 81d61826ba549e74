/** What `merogate chain deploy` does: look, tell, ask, send, write down. */
import { resolve } from 'node:path'
import { Wallet } from 'ethers'
import type { FinalityRule } from '../../../chains/ethereum/index.ts'
import { deployContracts } from '../../../chains/ethereum/deploy/deploy.ts'
import { readKey } from '../../../chains/ethereum/key.ts'
import { DEFAULT_MAX_FEE_PER_GAS } from '../../../chains/ethereum/limits.ts'
import { pollMsFor } from '../../../chains/ethereum/deploy/poll.ts'
import { assertAffordable, quoteDeployment } from '../../../chains/ethereum/deploy/quote.ts'
import { EthereumRpc } from '../../../chains/ethereum/rpc/rpc.ts'
import { TransactionSender } from '../../../chains/ethereum/send/sender.ts'
import { ether } from '../../../chains/ethereum/deploy/units.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { confirm } from '../../confirm.ts'
import { cliError } from '../../errors.ts'
import {
  addressArgument,
  finalityArgument,
  keyReference,
  maxFeeArgument,
} from '../../ethereum-flags.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { Output } from '../../output.ts'
import { quoteText, verificationText } from './deploy-text.ts'
import { openOutFile, type OutFile } from './deployment-file.ts'
import { type Network, resolveNetwork } from './network.ts'

/** Blocks above a contract's before its deployment counts: its address would be the same again, so little is at stake. */
const DEFAULT_CONFIRMATIONS = 5

export interface DeployOptions {
  readonly network: string
  readonly rpcUrl?: string[]
  readonly keyFile?: string
  readonly keyEnv?: string
  readonly from?: string
  readonly predecessor?: string
  readonly out?: string
  readonly force?: true
  readonly dryRun?: true
  readonly yes?: true
  readonly maxFeeGwei?: string
  readonly finality?: string
}

/** Everything that follows from the options, before the chain was asked. */
interface Plan {
  readonly network: Network
  readonly rpc: EthereumRpc
  readonly maxFeePerGas: bigint
  readonly finality: FinalityRule
  readonly predecessor: string | undefined
}

/** Runs the command. */
export async function deploy(options: DeployOptions, output: Output): Promise<void> {
  const { maxFeeGwei, finality, from } = options
  const reference = keyReference(options.keyFile, options.keyEnv)
  if (reference === undefined && options.dryRun !== true) {
    const message =
      'who pays? Name the key with --key-file or --key-env, or look first with --dry-run'
    throw cliError('CLI_USAGE', message)
  }
  const maxFeePerGas =
    maxFeeGwei === undefined ? DEFAULT_MAX_FEE_PER_GAS : maxFeeArgument(maxFeeGwei)
  const rule = finality === undefined ? undefined : finalityArgument(finality)
  const payer = from === undefined ? undefined : addressArgument('--from', from)
  const { predecessor: given } = options
  const predecessor = given && addressArgument('--predecessor', given)
  const wallet = reference === undefined ? undefined : new Wallet(await readKey(reference))
  const network = await resolveNetwork(options.network, options.rpcUrl, output)
  const { chainId, rpcUrls: urls } = network
  const rpc = new EthereumRpc({ urls, chainId, clock: systemClock, logger: silentLogger })
  try {
    const path = resolve(options.out ?? `${network.name}.deployment.json`)
    const asked = { rpc, from: wallet?.address ?? payer, maxFeePerGas, predecessor }
    const quote = await quoteDeployment(asked)
    const plan = { network: network.name, chainId, ...quote }
    output.event({ event: 'plan', ...jsonSafe({ ...plan, file: path }) }, quoteText(plan))
    if (options.dryRun === true || wallet === undefined) return
    const file = await openOutFile(path, chainId, { force: options.force, predecessor })
    assertAffordable(quote)
    if (quote.totalGas > 0n && options.yes !== true) {
      await confirm(`Deploy for about ${ether(quote.totalCost)}?`, output)
    }
    const isLocal = network.name === 'local'
    const chosen = rule ?? (isLocal ? 0 : DEFAULT_CONFIRMATIONS)
    const sending = { network, rpc, maxFeePerGas, finality: chosen, predecessor }
    await send(sending, wallet, file, output)
  } finally {
    rpc.stop()
  }
}

/** Sends what is missing, a line per contract, and writes the file. */
async function send(plan: Plan, wallet: Wallet, file: OutFile, output: Output): Promise<void> {
  const { network, rpc, maxFeePerGas, finality, predecessor } = plan
  const { name, chainId, rpcUrls } = network
  const sender = new TransactionSender({
    ...{ rpc, wallet, chainId, finality, pollMs: pollMsFor(rpcUrls) },
    fees: { maxFeePerGas },
    clock: systemClock,
    logger: silentLogger,
  })
  const deployment = await deployContracts({
    ...{ rpc, sender, chainId, predecessor },
    network: name,
    onSigned: (contract, hash) => output.note(`${contract.name}  sent ${hash}`),
    onContract({ name: contract, address }, mined) {
      if (mined === undefined) return // the plan has said so
      const { transaction, block } = mined
      output.event(
        { event: 'contract', contract, address, transaction, block },
        `${contract}  ${address}  block ${block}`,
      )
    },
    onMined() {
      if (finality !== 0) output.note(`waiting until that is final (${finality})`)
    },
  })
  const isWritten = await file.write(deployment)
  output.event(
    { event: 'deployed', file: file.path, isWritten, deployment },
    [`\n${isWritten ? 'wrote' : 'unchanged:'} ${file.path}`, verificationText(deployment)].join(
      '\n',
    ),
  )
}
