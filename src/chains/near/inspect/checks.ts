/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
import { amountText } from '../../shared/amount.ts'
import {
  type Check,
  check,
  checksOf,
  enough,
  type JudgeOptions,
  missingContract,
  noAccountChecks,
  otherRelease,
} from '../../shared/checks.ts'
import { GAS_PRICE, NEAR, STORAGE_PRICE, TERA } from '../constants.ts'
import type { AccountReport, ChainReport, ChainState, KeyReport } from './inspect.ts'

/** What adding a member takes: gas that has to be there, and bytes that stay. */
const OPERATION_GAS = 25n * TERA
/** No bound: bytes that an operation leaves in storage, which must be paid. */
const OPERATION_BYTES = 400n

/** YoctoNEAR of an operation: gas, and storage that is locked. */
const GAS_COST: bigint = OPERATION_GAS * GAS_PRICE
const STORAGE_COST: bigint = OPERATION_BYTES * STORAGE_PRICE

export function judge(report: ChainReport, options: JudgeOptions): readonly Check[] {
  return checksOf(report, {
    rest: (state) => [...contractChecks(report, state), ...accountChecks(state, options)],
  })
}

function contractChecks({ network }: ChainReport, { contracts }: ChainState): Check[] {
  return contracts.map(({ name, address, codeHash, isOurs, keys }) => {
    if (codeHash === undefined) return missingContract(name, address, network)
    if (!isOurs) return otherRelease(`the code at ${address} is not ${name} of this release`)
    if (keys > 0) {
      const message = `the account ${address} has ${keys} keys: whoever has one can replace ${name}`
      return check('keys', 'fail', message, 'deploy anew with `merogate chain deploy`')
    }
    return check('contracts', 'ok', `${name} is at ${address}, and nobody has a key to it`)
  })
}

function accountChecks({ account }: ChainState, options: JudgeOptions): readonly Check[] {
  if (account === undefined) return noAccountChecks(options)
  const isLimited =
    account.keys.length > 0 && account.keys.every(({ permission }) => permission !== 'full')
  return [
    balanceCheck(account, options, isLimited),
    ...account.keys.map(keyCheck),
    ...(isLimited ? [creditCheck(account, options)] : []),
  ]
}

function balanceCheck(
  { address, balance }: AccountReport,
  { operations }: JudgeOptions,
  isLimited: boolean,
): Check {
  if (balance === undefined) {
    return check('balance', 'fail', `there is no account ${address}`, 'make it, and send it NEAR')
  }
  const one = GAS_COST + (isLimited ? 0n : STORAGE_COST)
  const { left, level } = enough(balance, one, operations)
  const text = `${address} has ${amountText(balance, NEAR)}, enough for about ${left} operations`
  return check(
    'balance',
    level,
    text,
    `send it ${amountText(one * BigInt(operations), NEAR)} or more`,
  )
}

function keyCheck({ name, permission }: KeyReport): Check {
  if (permission === undefined) {
    const next = 'name another key, or add one with `merogate chain key`'
    return check('key', 'fail', `${name} is no key of the account`, next)
  }
  if (permission === 'full') {
    const message = `${name} has full access: whoever reads it can spend everything`
    return check(
      'key',
      'warn',
      message,
      'give the node a key for `apply` alone: `merogate chain key`',
    )
  }
  if (permission === 'other') {
    const message = `${name} may do something that this release does not know`
    return check('key', 'warn', message, 'add one with `merogate chain key`')
  }
  const { allowance, receiver, methods } = permission
  const may = `${methods.join(', ') || 'any function'} of ${receiver}`
  if (allowance === undefined) return check('key', 'ok', `${name} may call ${may}`)
  const { left, level } = enough(allowance, GAS_COST, 1)
  const text = `${name} may call ${may}, with ${amountText(allowance, NEAR)} of allowance left, enough for about ${left} operations`
  return check(
    'key',
    level,
    text,
    'add another key with `merogate chain key`: an allowance cannot be raised',
  )
}

function creditCheck({ address, credit }: AccountReport, { operations }: JudgeOptions): Check {
  const { left, level } = enough(credit, STORAGE_COST, operations)
  const text = `${address} has ${amountText(credit, NEAR)} of credit for storage, enough for about ${left} additions`
  return check(
    'credit',
    level === 'fail' ? 'warn' : level,
    text,
    'pay more in with `merogate chain key --credit`',
  )
}
