/** A node's account and its channels, for `merogate chain key`: a new secret in a file, and the accounts that follow from it. */
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { XLM } from '../../../chains/stellar/constants.ts'
import {
  type Funded,
  type FundedAccount,
  makeFunds,
  viewFunds,
} from '../../../chains/stellar/deploy/fund.ts'
import {
  type AccountKey,
  accountKey,
  channelKeys,
  readKey,
  secretText,
} from '../../../chains/stellar/key.ts'
import { MAX_CHANNELS, POLL_MS } from '../../../chains/stellar/limits.ts'
import { stellarHeights } from '../../../chains/stellar/rpc/head.ts'
import { stellarRpc } from '../../../chains/stellar/rpc/rpc.ts'
import { TransactionSender } from '../../../chains/stellar/send/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { integerArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import type { Output } from '../../output.ts'
import type { Report } from '../chain.ts'
import { writeNewKey } from '../shared/key-file.ts'
import { type Network, resolveNetwork } from '../shared/network.ts'
import { NETWORKS_OF_STELLAR } from './network.ts'

export interface KeyOptions {
  readonly out: string
  readonly channels?: string
  readonly network?: string
  readonly rpcUrl?: string[]
  readonly fund?: true
}

/** Channels of a node when nothing else is said: as many signers can send at one time, beside the account itself. */
const DEFAULT_CHANNELS = '4'

/**
 * Writes a key down, unless there is one, and shows or makes the accounts that follow from it; repeated it makes what is missing.
 * @throws CLI_USAGE, CLI_FILE, CHAIN_KEY (input), CHAIN_FUNDS (chain), and what `resolveNetwork` throws
 */
export async function makeKey(options: KeyOptions, output: Output): Promise<Report> {
  const { channels: count = DEFAULT_CHANNELS, fund, rpcUrl, network: named = rpcUrl?.[0] } = options
  const channels = integerArgument('--channels', count, MAX_CHANNELS)
  if (fund === true && named === undefined) {
    throw cliError(
      'CLI_USAGE',
      'expected --network or --rpc-url beside --fund: accounts are made there',
    )
  }
  const urls = named === rpcUrl?.[0] ? rpcUrl?.slice(1) : rpcUrl
  const network =
    named === undefined
      ? undefined
      : await resolveNetwork(
          named,
          urls?.length === 0 ? undefined : urls,
          output,
          NETWORKS_OF_STELLAR,
        )
  const path = resolve(options.out)
  const isNew = await writeNewKey(path, `${secretText(accountKey(randomBytes(32)))}\n`)
  const key = await readKey({ file: path })
  const parts = { key, channels: channelKeys(key, channels) }
  const funds = network === undefined ? undefined : await fundsOn(network, parts, fund === true)
  return reportOf({ path, isNew, ...parts }, funds, network)
}

async function fundsOn(
  { rpcUrls: urls, chainId: passphrase }: Network<string>,
  keys: { readonly key: AccountKey; readonly channels: readonly AccountKey[] },
  isFunding: boolean,
): Promise<Funded> {
  const parts = { clock: systemClock, logger: silentLogger }
  const rpc = stellarRpc({ urls, passphrase, ...parts })
  try {
    const pollMs = pollMsFor(urls, POLL_MS)
    const heights = stellarHeights(rpc, systemClock, pollMs)
    const init = { rpc, heights, clock: systemClock, pollMs, ...keys }
    if (!isFunding) return await viewFunds(init)
    const { key } = keys
    const sender = new TransactionSender({ rpc, heights, pollMs, passphrase, key, ...parts })
    return await makeFunds({ ...init, sender })
  } finally {
    rpc.stop()
  }
}

interface Made {
  readonly path: string
  readonly isNew: boolean
  readonly key: AccountKey
  readonly channels: readonly AccountKey[]
}

function reportOf(
  { path, isNew, key, channels }: Made,
  funds: Funded | undefined,
  network: Network<string> | undefined,
): Report {
  const { address } = key
  const shown = funds?.channels ?? channels.map((each) => ({ address: each.address }))
  const lines = [
    `file       ${path}, ${isNew ? 'new: for its owner only' : 'was there'}`,
    `account    ${address}${funds === undefined ? '' : ` ${accountText(funds.account)}`}`,
    ...shown.map((each, i) => {
      const state = 'isMade' in each ? ` ${accountText(each)}` : ''
      return `channel ${i + 1}  ${each.address}${state}`
    }),
    '',
    ...(funds?.account.balance === undefined
      ? [
          'make the accounts: by a friendbot on a test network, elsewhere once the account has XLM',
          `  merogate chain key --chain stellar --out ${path} --fund --network ${network?.name ?? 'testnet'} --rpc-url https://...`,
        ]
      : []),
    'give it to a node:',
    `  merogate node init --chain stellar --key-file ${path} ...`,
  ]
  return {
    facts: {
      ...{ file: path, isNew, network: network?.name },
      account: factsOf(funds?.account ?? { address }),
      channels: shown.map(factsOf),
    },
    text: lines.join('\n'),
  }
}

function factsOf(account: Partial<FundedAccount>): Readonly<Record<string, unknown>> {
  const { address, balance, isMade } = account
  return { address, ...(isMade === undefined ? {} : { isMade, balance: String(balance ?? '') }) }
}

function accountText({ balance, isMade }: FundedAccount): string {
  if (balance === undefined) return 'is not there'
  return `${isMade ? 'was made' : 'is there'}, can spend ${amountText(balance, XLM)}`
}
