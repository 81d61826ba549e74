/**
 * Paying for what would lapse otherwise: code and contracts by `keep_code`, rows of groups by `keep_alive`, so many in a call as a transaction may write. What
 * lives long enough is left out, so that it may be repeated at any time; what is archived comes back by it.
 */
import { isMerogateError } from '../../../node/errors.ts'
import { toBase58 } from '../../../node/primitives/bytes.ts'
import { amountText } from '../../shared/amount.ts'
import { noContract } from '../../shared/core/artifacts.ts'
import type { Mined } from '../../shared/delivery.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import type { Heights } from '../../shared/heights.ts'
import { XLM } from '../constants.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { neededFor, spendable } from '../deploy/quote.ts'
import { THRESHOLD_LEDGERS } from '../deploy/state.ts'
import { stellarError } from '../errors.ts'
import { MAX_AGREED_FEE, MAX_KEPT_ROWS, MIN_FEE } from '../limits.ts'
import { viewAccount } from '../rpc/entries.ts'
import { simulate } from '../rpc/simulate.ts'
import type { TransactionSender } from '../send/sender.ts'
import { type Call, invoke } from '../xdr/operations.ts'
import type { Prepared } from '../xdr/transactions.ts'
import { type ContractLife, contractLives } from './contracts.ts'
import { groupLife } from './rows.ts'

/** Times that a call is sent anew because another transaction of the account came between. */
const MAX_TRIES = 4

/** One call that is to be made. */
export interface KeepCall {
  /** Of what: a contract and its code, or rows of a group. */
  readonly what: 'code' | 'rows'
  /** Name of the contract, or of the context or group. */
  readonly subject: string
  /** Entries that live on by it. */
  readonly entries: number
  readonly call: Call
  /** Stroops, by simulation. */
  readonly fee: bigint
}

export interface KeepPlan {
  /** That it is true at. */
  readonly ledger: number
  readonly calls: readonly KeepCall[]
  /** Entries that are left for another run. */
  readonly left: number
  readonly totalCost: bigint
  /** Stroops that have to be there for that: what is not used of a fee comes back. */
  readonly needed: bigint
  readonly account: {
    readonly address: string
    /** Stroops that it can spend; undefined where there is no such account. */
    readonly balance: bigint | undefined
  }
}

export interface KeepInit {
  readonly heights: Heights
  readonly deployment: Deployment
  /** Contexts or groups, 32 bytes each. */
  readonly subjects: readonly Uint8Array[]
  /** Whether contracts and their code are kept alive, too, which is most of all that is paid. */
  readonly withCode: boolean
  /** Calls for rows in one run, at most. */
  readonly maxCalls: number
  /** `G...`: pays. */
  readonly payer: string
  readonly signal?: AbortSignal | undefined
}

type Wanted = Omit<KeepCall, 'fee'>

/** What is to be done, and what it costs. @throws CHAIN_NO_CONTRACT (missing), CHAIN_REVERTED (chain), ANCHOR_UNREACHABLE (transport) */
export async function planKeeping(init: KeepInit): Promise<KeepPlan> {
  const { heights, payer, deployment, withCode, signal } = init
  return heights.run(
    'final',
    async (endpoint, _height, { told }) => {
      const contracts = await contractLives(endpoint, deployment)
      const ledger = contracts[0]?.ledger ?? 0
      told?.(BigInt(ledger))
      contracts.forEach(assertOurs)
      const rows = await rowCalls(endpoint, init, ledger)
      const wanted = [...(withCode ? codeCalls(contracts) : []), ...rows.wanted]
      const calls: KeepCall[] = []
      for (const each of wanted) {
        const { resources } = await prepare(endpoint, each, payer)
        calls.push({ ...each, fee: (resources?.fee ?? 0n) + MIN_FEE })
      }
      const totalCost = calls.reduce((sum, { fee }) => sum + fee, 0n)
      const account = await viewAccount(endpoint, payer)
      return {
        ...{ ledger, calls, left: rows.left, totalCost, needed: neededFor(totalCost) },
        account: { address: payer, balance: account && spendable(account) },
      }
    },
    signal,
  )
}

/** @throws CHAIN_NO_CONTRACT (missing) */
function assertOurs({ name, address, isOurs, codeHash }: ContractLife): void {
  if (isOurs) return
  const got = codeHash === undefined ? 'nothing' : `code of SHA-256 ${codeHash}`
  throw noContract('stellar', name, address, got)
}

/** Contracts that have little time left, or whose code has. */
function codeCalls(contracts: readonly ContractLife[]): Wanted[] {
  return contracts.flatMap(
    ({ name: subject, address, liveUntil = 0, codeLiveUntil = 0, ledger }) =>
      Math.min(liveUntil, codeLiveUntil) - ledger >= THRESHOLD_LEDGERS
        ? []
        : [{ what: 'code', subject, entries: 2, call: invoke(address, 'keep_code', []) }],
  )
}

/** Rows that have little time left, in as many calls as there may be. */
async function rowCalls(
  endpoint: Endpoint,
  { deployment, subjects, maxCalls }: KeepInit,
  ledger: number,
): Promise<{ readonly wanted: Wanted[]; readonly left: number }> {
  const { address } = deployment.contracts.contexts
  const wanted: Wanted[] = []
  // contexts of one group have its rows in common
  const seen = new Set<string>()
  let left = 0
  for (const id of subjects) {
    const { subject, rows } = await groupLife(endpoint, address, id)
    const late = rows.filter(({ key, liveUntil }) => {
      const name = toBase58(key)
      if (liveUntil - ledger >= THRESHOLD_LEDGERS || seen.has(name)) return false
      seen.add(name)
      return true
    })
    for (let from = 0; from < late.length; from += MAX_KEPT_ROWS) {
      const keys = late.slice(from, from + MAX_KEPT_ROWS).map(({ key }) => key)
      if (wanted.length === maxCalls) left += keys.length
      else {
        const call = invoke(address, 'keep_alive', [keys])
        wanted.push({ what: 'rows', subject, entries: keys.length, call })
      }
    }
  }
  return { wanted, left }
}

/** @throws CHAIN_REVERTED (chain) */
async function prepare(
  endpoint: Endpoint,
  { call, subject }: Wanted,
  payer: string,
): Promise<Prepared> {
  const simulated = await simulate(endpoint, call, payer, MAX_AGREED_FEE)
  if (!('reason' in simulated)) return simulated.prepared
  const message = `the network refuses to keep ${subject} alive: ${simulated.reason}`
  throw stellarError('CHAIN_REVERTED', message, { subject, reason: simulated.reason })
}

/** Refuses what cannot be paid, before anything is sent. @throws CHAIN_FUNDS (chain) */
export function assertKept({ needed, account: { address, balance } }: KeepPlan): void {
  if (needed === 0n || (balance !== undefined && balance >= needed)) return
  const has = balance === undefined ? 'is no account' : `can spend ${amountText(balance, XLM)}`
  const message = `${address} ${has} and needs ${amountText(needed, XLM)} for this: send it ${amountText(needed - (balance ?? 0n), XLM)} or more`
  const details = { account: address, balance: String(balance ?? 0n), needed: String(needed) }
  throw stellarError('CHAIN_FUNDS', message, details)
}

export interface KeepingInit extends Pick<KeepInit, 'heights' | 'signal'> {
  /** Of the account that pays. */
  readonly sender: TransactionSender
  readonly calls: readonly KeepCall[]
  /** Told of each call that lies in a ledger. */
  readonly onCall?: ((call: KeepCall, mined: Mined) => void) | undefined
}

/** Makes the calls of a plan, each simulated anew. @throws CHAIN_REVERTED, CHAIN_FUNDS (chain), ANCHOR_UNREACHABLE (transport) */
export async function keepAlive(init: KeepingInit): Promise<void> {
  for (const call of init.calls) init.onCall?.(call, await carryOut(init, call))
}

async function carryOut({ heights, sender, signal }: KeepingInit, call: KeepCall): Promise<Mined> {
  for (let attempt = 1; ; attempt++) {
    const ask = (endpoint: Endpoint): Promise<Prepared> => prepare(endpoint, call, sender.address)
    const prepared = await heights.run('final', ask, signal)
    try {
      const sent = await sender.send(prepared, { signal })
      if (sent.succeeded) return sent
      const reason = sent.failure ?? 'it failed'
      // entries changed since they were looked at, or another transaction took its place
      if (attempt < MAX_TRIES) continue
      const message = `the transaction that keeps ${call.subject} alive came to nothing: ${reason}`
      throw stellarError('CHAIN_REVERTED', message, { reason, transaction: sent.transaction })
    } catch (error) {
      if (!isMerogateError(error, 'STELLAR_REPLACED') || attempt === MAX_TRIES) throw error
    }
  }
}
