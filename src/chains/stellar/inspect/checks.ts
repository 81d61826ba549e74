/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
import { amountText } from '../../shared/amount.ts'
import {
  type Check,
  check,
  checksOf,
  enough,
  type JudgeOptions,
  type Level,
  missingContract,
  noAccountChecks,
  otherRelease,
} from '../../shared/checks.ts'
import { XLM } from '../constants.ts'
import type {
  AccountReport,
  ChainReport,
  ChainState,
  ContractReport,
  GroupReport,
  Life,
} from './inspect.ts'

/** Stroops of adding a member: fees, and rent of its entries for 120 days. */
const OPERATION_COST = 800_000n
/** Days before an entry lapses at which whoever looks is told. */
const WARN_DAYS = 30

/** What to do about entries of the contracts, or of a group. */
function keepAlive(more = ''): string {
  return `pay for more with \`merogate chain keep-alive${more}\`; what is archived comes back when it is used, for a fee`
}

export function judge(report: ChainReport, options: JudgeOptions): readonly Check[] {
  return checksOf(report, {
    rest: (state) => [
      ...contractChecks(report, state),
      ...state.groups.map(groupCheck),
      ...accountChecks(state, options),
    ],
  })
}

function contractChecks({ network }: ChainReport, { contracts }: ChainState): readonly Check[] {
  return contracts.flatMap((contract) => {
    const { name, address, codeHash, isOurs } = contract
    if (codeHash === undefined) return [missingContract(name, address, network)]
    if (!isOurs) return [otherRelease(`the code at ${address} is not ${name} of this release`)]
    return [check('contracts', 'ok', `${name} is at ${address}`), lifeCheck(contract)]
  })
}

/** Nothing is lost that lapses: whoever uses it next pays for having it back. */
function levelOf({ daysLeft }: Life): Level {
  return daysLeft < WARN_DAYS ? 'warn' : 'ok'
}

function lifeText({ daysLeft, until }: Life): string {
  return daysLeft < 0 ? 'is archived' : `lives ${daysLeft} days, until ledger ${until}`
}

function lifeCheck({ name, life, codeLife }: ContractReport): Check {
  const shown = [life, codeLife].filter((each) => each !== undefined)
  const first = shown.toSorted((a, b) => a.daysLeft - b.daysLeft)[0]
  if (first === undefined) return check('life', 'warn', `${name} is archived`, keepAlive())
  const text = `${name} ${life === undefined ? 'is archived' : lifeText(life)}; its code ${codeLife === undefined ? 'is archived' : lifeText(codeLife)}`
  return check('life', levelOf(first), text, keepAlive())
}

function groupCheck({ subject, members, entries, life }: GroupReport): Check {
  const text = `the first of ${entries} entries of ${subject}, with ${members} members, ${lifeText(life)}`
  return check('group', levelOf(life), text, keepAlive(` --context ${subject}`))
}

function accountChecks({ account }: ChainState, options: JudgeOptions): readonly Check[] {
  if (account === undefined) return noAccountChecks(options)
  return [balanceCheck(account, options), ...channelChecks(account)]
}

function balanceCheck({ address, balance }: AccountReport, { operations }: JudgeOptions): Check {
  const wanted = amountText(OPERATION_COST * BigInt(operations), XLM)
  if (balance === undefined) {
    const next = `send it ${wanted} or more; on a test network \`merogate chain key --fund\``
    return check('balance', 'fail', `there is no account ${address}`, next)
  }
  const { left, level } = enough(balance, OPERATION_COST, operations)
  const text = `${address} can spend ${amountText(balance, XLM)}, enough for about ${left} operations`
  return check('balance', level, text, `send it ${wanted} or more`)
}

function channelChecks({ channels, balance }: AccountReport): readonly Check[] {
  if (balance === undefined || channels === undefined) return []
  // one signer needs none
  const text =
    channels.length === 0
      ? 'the account has no channels: operations of several signers wait for each other, a ledger each; `merogate chain key --chain stellar --fund` makes some'
      : `the account has ${channels.length} channels`
  return [check('channels', 'ok', text)]
}
