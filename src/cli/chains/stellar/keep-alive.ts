/** Paying for entries that would lapse, for `merogate chain keep-alive`. */
import { XLM } from '../../../chains/stellar/constants.ts'
import { readDeployment } from '../../../chains/stellar/index.ts'
import {
  assertKept,
  keepAlive,
  type KeepCall,
  type KeepPlan,
  planKeeping,
} from '../../../chains/stellar/keep/keep-alive.ts'
import { readKey } from '../../../chains/stellar/key.ts'
import { POLL_MS } from '../../../chains/stellar/limits.ts'
import { stellarHeights } from '../../../chains/stellar/rpc/head.ts'
import { stellarRpc } from '../../../chains/stellar/rpc/rpc.ts'
import { TransactionSender } from '../../../chains/stellar/send/sender.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import { pollMsFor } from '../../../chains/shared/poll.ts'
import { systemClock } from '../../../node/primitives/clock.ts'
import { silentLogger } from '../../../node/primitives/logger.ts'
import { integerArgument } from '../../arguments.ts'
import { cliError } from '../../errors.ts'
import { jsonSafe } from '../../json-safe.ts'
import type { KeepAlive } from '../chain.ts'
import { missingOf } from '../shared/deploying.ts'
import { contextArgument } from './arguments.ts'
import type { StellarPlace } from './target.ts'

export interface KeepOptions {
  /** False with `--no-code`. */
  readonly code?: boolean
  readonly calls?: string
}

/** Calls for rows in one run when nothing else is said: a thousand entries. */
const DEFAULT_CALLS = '20'
/** Calls for rows in one run. */
const MAX_CALLS = 1_000

const HEADINGS: Readonly<Record<KeepCall['what'], string>> = {
  code: 'contract and code',
  rows: 'entries of a group',
}

/** @throws CLI_USAGE, CHAIN_KEY, CHAIN_DEPLOYMENT (input) */
export async function openKeepAlive(
  place: StellarPlace,
  contexts: readonly string[],
  { code: withCode = true, calls = DEFAULT_CALLS }: KeepOptions,
): Promise<KeepAlive> {
  const maxCalls = integerArgument('--calls', calls, MAX_CALLS)
  if (place.key === undefined) {
    throw cliError('CLI_USAGE', 'who pays? Name the key with --key-file or --key-env')
  }
  const subjects = contexts.map(contextArgument)
  const key = await readKey(place.key)
  const deployment = await readDeployment(place.deployment)
  const { rpcUrls: urls } = place
  const { passphrase } = deployment
  const parts = { clock: systemClock, logger: silentLogger }
  const rpc = stellarRpc({ urls, passphrase, ...parts })
  const pollMs = pollMsFor(urls, POLL_MS)
  const heights = stellarHeights(rpc, systemClock, pollMs)
  let plan: KeepPlan | undefined
  return {
    async plan() {
      const asked = { heights, deployment, subjects, withCode, maxCalls, payer: key.address }
      plan = await planKeeping(asked)
      const found = plan
      return {
        facts: jsonSafe({ ...found, calls: found.calls.map(({ call: _call, ...facts }) => facts) }),
        head: [`network  ${deployment.network}, "${passphrase}", ledger ${found.ledger}`],
        rows: found.calls.map(({ what, subject, entries, fee }) => ({
          KEPT: HEADINGS[what],
          OF: subject,
          ENTRIES: String(entries),
          COST: amountText(fee, XLM),
        })),
        tail: tailOf(found),
        cost: found.totalCost > 0n ? amountText(found.totalCost, XLM) : undefined,
        missing: missingOf(() => assertKept(found)),
      }
    },
    async send(told) {
      const sender = new TransactionSender({ rpc, heights, pollMs, passphrase, key, ...parts })
      await keepAlive({
        ...{ heights, sender, calls: plan?.calls ?? [] },
        onCall({ what, subject, entries }, { transaction, block }) {
          told.event(
            { event: 'kept', what, subject, entries, transaction, block },
            `${subject}  ${entries} entries kept alive in ledger ${block}`,
          )
        },
      })
    },
    [Symbol.dispose]: () => rpc.stop(),
  }
}

function tailOf({ calls, left, totalCost, needed, account }: KeepPlan): string[] {
  if (calls.length === 0) return ['everything lives 90 days or more: nothing to pay']
  const { address, balance } = account
  const has = balance === undefined ? 'is no account' : `can spend ${amountText(balance, XLM)}`
  return [
    `total    ${amountText(totalCost, XLM)} at most, for 120 days from now`,
    `account  ${address} ${has}, needs ${amountText(needed, XLM)}, of which what is not used comes back`,
    ...(left === 0 ? [] : [`left     ${left} entries for another run, or for more --calls`]),
  ]
}
