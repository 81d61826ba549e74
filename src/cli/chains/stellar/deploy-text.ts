/** What `merogate chain deploy` tells people of contracts on Stellar. */
import { LEDGER_SECONDS, XLM } from '../../../chains/stellar/constants.ts'
import type { QuotedContract, Quote } from '../../../chains/stellar/deploy/quote.ts'
import type { Step } from '../../../chains/stellar/deploy/state.ts'
import { amountText } from '../../../chains/shared/amount.ts'
import type { DeployPlan } from '../chain.ts'

function xlm(amount: bigint): string {
  return amountText(amount, XLM)
}

/** Steps as the headings of the plan. */
const HEADINGS: Readonly<Record<Step, string>> = {
  upload: 'UPLOAD',
  create: 'CREATE',
  keep: 'KEEP 120 DAYS',
}

/** What a step of a deployment that goes on is called when it is done. */
export const DONE: Readonly<Record<Step, string>> = {
  upload: 'uploaded',
  create: 'created',
  keep: 'kept alive',
}

export interface Planned extends Quote {
  readonly network: string
  readonly passphrase: string
  /** What the deployment file says, where that cannot be so any more. */
  readonly reset: string | undefined
}

/** The plan: what is there, what is to be made, and what it costs. */
export function quoteLines(plan: Planned): Pick<DeployPlan, 'head' | 'rows' | 'tail'> {
  const { network, passphrase, contracts, ledger, reset } = plan
  return {
    head: [
      `network  ${network}, "${passphrase}", ledger ${ledger}`,
      ...(reset === undefined ? [] : [reset]),
    ],
    rows: contracts.map((contract) => ({
      CONTRACT: contract.name,
      ADDRESS: contract.address,
      STATE: stateOf(contract, ledger),
      ...Object.fromEntries(
        Object.entries(HEADINGS).map(([step, heading]) => [heading, costOf(contract, step)]),
      ),
    })),
    tail: sumLines(plan),
  }
}

function stateOf({ liveUntil, codeLiveUntil, steps }: QuotedContract, ledger: number): string {
  if (liveUntil === undefined) {
    return codeLiveUntil === undefined ? 'to be made' : 'to be made, its code is there'
  }
  const until = Math.min(liveUntil, codeLiveUntil ?? 0)
  if (until < ledger) return 'is archived'
  const days = Math.floor(((until - ledger) * LEDGER_SECONDS) / 86_400)
  return steps.length === 0 ? 'is there' : `is there, for ${days} days`
}

function costOf({ steps }: QuotedContract, name: string): string {
  const found = steps.find(({ step }) => step === name)
  if (found === undefined) return ''
  return `${found.isEstimated ? 'about ' : ''}${xlm(found.fee)}`
}

function sumLines({ contracts, totalCost, needed, account }: Planned): string[] {
  if (totalCost === 0n) return ['everything is there: nothing to pay']
  const { address, balance } = account
  const has = balance === undefined ? 'is no account' : `can spend ${xlm(balance)}`
  const rest = needed - (balance ?? 0n)
  const verdict = rest <= 0n ? 'enough' : `send it ${xlm(rest)} or more`
  const isEstimated = contracts.some(({ steps }) => steps.some((each) => each.isEstimated))
  return [
    `total    ${isEstimated ? 'about ' : ''}${xlm(totalCost)} at most of fees and rent${isEstimated ? '; what does not lie there yet cannot be simulated, and is estimated' : ''}`,
    `account  ${address} ${has}, needs ${xlm(needed)}, of which what is not used comes back: ${verdict}`,
    'rent     is paid for 120 days; `merogate chain keep-alive` pays for more, and whatever lapses comes back when it is used',
  ]
}
