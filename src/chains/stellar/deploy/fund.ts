/** A node's account and its channels are made: the account by a friendbot where there is one, the channels by the account. What is there stays as it is. */
import { pause } from '../../../node/anchor/watcher.ts'
import { isMerogateError } from '../../../node/errors.ts'
import type { Clock } from '../../../node/primitives/clock.ts'
import { amountText } from '../../shared/amount.ts'
import type { Endpoints } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { BASE_RESERVE, STROOPS, XLM } from '../constants.ts'
import { stellarError } from '../errors.ts'
import type { AccountKey } from '../key.ts'
import { viewAccounts } from '../rpc/entries.ts'
import type { TransactionSender } from '../send/sender.ts'
import type { Account } from '../xdr/entries.ts'
import { createAccount } from '../xdr/operations.ts'
import { askFriendbot, readFriendbot } from './friendbot.ts'
import { spendable } from './quote.ts'

/** Stroops of a channel: what an account has to keep. Whose it is pays for all that goes through it. */
const CHANNEL_STROOPS: bigint = 2n * BASE_RESERVE
/** Stroops that an account keeps for operations when its channels are made. */
const SPARE_STROOPS: bigint = STROOPS

/** Looks at a friendbot's account before its endpoint is taken to be of another network. */
const MAX_LOOKS = 30

export interface FundInit {
  readonly rpc: Endpoints
  readonly heights: Heights
  readonly clock: Clock
  readonly pollMs: number
  readonly key: AccountKey
  readonly channels: readonly AccountKey[]
  /** Of the key. */
  readonly sender: TransactionSender
  readonly signal?: AbortSignal | undefined
}

/** An account, and what became of it. */
export interface FundedAccount {
  readonly address: string
  /** Stroops that it can spend; undefined where there is no such account. */
  readonly balance: bigint | undefined
  /** Whether it was made now. */
  readonly isMade: boolean
}

/** The account, and its channels. */
export interface Funded {
  readonly account: FundedAccount
  readonly channels: readonly FundedAccount[]
}

type Known = ReadonlyMap<string, Account>

/** What there is. */
export async function viewFunds(init: Omit<FundInit, 'sender'>): Promise<Funded> {
  return funded(init, await readAccounts(init))
}

/** Makes what is missing; repeated it does nothing. @throws CHAIN_FUNDS (chain), ANCHOR_UNREACHABLE (transport), and what sending throws */
export async function makeFunds(init: FundInit): Promise<Funded> {
  const { key, channels } = init
  const before = await readAccounts(init)
  const isThere = before.has(key.address)
  if (!isThere) await makeAccount(init)
  const known = isThere ? before : await readAccounts(init)
  const missing = channels.filter(({ address }) => !known.has(address))
  assertEnough(key.address, known, missing.length)
  for (const { address } of missing) await makeChannel(init, address)
  return funded(init, await readAccounts(init), before)
}

async function readAccounts({
  heights,
  key,
  channels,
  signal,
}: Omit<FundInit, 'sender'>): Promise<Known> {
  const addresses = [key, ...channels].map(({ address }) => address)
  return heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const { ledger, accounts } = await viewAccounts(endpoint, addresses)
      told?.(BigInt(ledger))
      return accounts
    },
    signal,
  )
}

/** @throws CHAIN_FUNDS (chain) where nobody gives coins away */
async function makeAccount(init: FundInit): Promise<void> {
  const { rpc, key, channels, clock, pollMs, signal } = init
  const friendbot = await rpc.run(readFriendbot, signal)
  if (friendbot === undefined) throw noFunds(key.address, undefined, neededOf(channels.length))
  await askFriendbot(friendbot, key.address, signal)
  for (let look = 0; look < MAX_LOOKS; look++) {
    if ((await readAccounts(init)).has(key.address)) return
    await pause(clock, pollMs, signal)
  }
  throw noFunds(key.address, undefined, neededOf(channels.length))
}

/** Made by one transaction; one that another run sent has the same number, so that one of the two takes effect. */
async function makeChannel(init: FundInit, address: string): Promise<void> {
  const { sender, signal } = init
  let failure = 'another transaction of the account came between'
  try {
    const sent = await sender.send({ call: createAccount(address, CHANNEL_STROOPS) }, { signal })
    if (sent.succeeded) return
    failure = sent.failure ?? 'the transaction failed'
  } catch (error) {
    if (!isMerogateError(error, 'STELLAR_REPLACED')) throw error
  }
  if ((await readAccounts(init)).has(address)) return
  const message = `the channel ${address} was not made: ${failure}; repeating is safe`
  throw stellarError('CHAIN_REVERTED', message, { account: address, reason: failure })
}

function neededOf(channels: number): bigint {
  return BigInt(channels) * CHANNEL_STROOPS + SPARE_STROOPS
}

/** @throws CHAIN_FUNDS (chain) */
function assertEnough(address: string, known: Known, channels: number): void {
  const account = known.get(address)
  const balance = account && spendable(account)
  const needed = neededOf(channels)
  if (channels > 0 && (balance ?? 0n) < needed) throw noFunds(address, balance, needed)
}

function noFunds(address: string, balance: bigint | undefined, needed: bigint): Error {
  const has = balance === undefined ? 'is no account' : `can spend ${amountText(balance, XLM)}`
  // an account that is made keeps its reserve
  const rest = needed - (balance ?? -CHANNEL_STROOPS)
  const message = `${address} ${has}, and this network gives nothing away: send it ${amountText(rest, XLM)} or more, and go on`
  return stellarError('CHAIN_FUNDS', message, { account: address, needed: String(needed) })
}

function funded(
  { key, channels }: Omit<FundInit, 'sender'>,
  now: Known,
  before: Known = now,
): Funded {
  const of = ({ address }: AccountKey): FundedAccount => {
    const account = now.get(address)
    const isMade = account !== undefined && !before.has(address)
    return { address, balance: account && spendable(account), isMade }
  }
  return { account: of(key), channels: channels.map(of) }
}
