/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
import { amountText } from '../../shared/amount.ts'
import { type Check, check, checksOf, missingContract, otherRelease } from '../../shared/checks.ts'
import { CYCLES } from '../constants.ts'
import type { ChainReport, ChainState, ContractReport, CyclesReport } from './inspect.ts'

/** Days before a canister freezes at which whoever looks is told. */
const WARN_DAYS = 60
const FAIL_DAYS = 1

/** Nobody pays for what he calls, so there is no account to judge. */
export function judge(report: ChainReport): readonly Check[] {
  return checksOf(report, { rest: (state) => contractChecks(report, state) })
}

function contractChecks({ network }: ChainReport, { contracts }: ChainState): readonly Check[] {
  return contracts.flatMap((contract) => {
    const { name, address, codeHash, isOurs, controllers } = contract
    if (codeHash === undefined) return [missingContract(name, address, network)]
    if (!isOurs) {
      return [otherRelease(`the module in ${address} is not ${name} of this release`)]
    }
    return [
      check('contracts', 'ok', `${name} is in ${address}`),
      controllersCheck(contract, controllers),
      ...cyclesChecks(contract),
    ]
  })
}

function controllersCheck(
  { name, address }: ContractReport,
  controllers: readonly string[],
): Check {
  if (controllers.length === 0) {
    return check('controllers', 'ok', `nobody can change or stop ${name} in ${address}`)
  }
  const message = `${controllers.join(', ')} can replace, stop and delete ${name} in ${address}`
  const next =
    'trust them as the network, or have them give it up: `merogate chain deploy --controllers drop`'
  return check('controllers', 'warn', message, next)
}

function cyclesChecks({ name, address, cycles }: ContractReport): readonly Check[] {
  const topUp = `send cycles to ${address}: anybody may`
  if (cycles === undefined) {
    const message = `${name} in ${address} does not run: it is frozen for lack of cycles, or stopped`
    return [check('cycles', 'fail', message, topUp)]
  }
  return [daysCheck(name, cycles, topUp), creationCheck(name, cycles, topUp)]
}

function daysCheck(
  name: string,
  { balance, daysLeft, perDay }: CyclesReport,
  topUp: string,
): Check {
  const level = daysLeft < FAIL_DAYS ? 'fail' : daysLeft < WARN_DAYS ? 'warn' : 'ok'
  const text = `${name} has ${amountText(balance, CYCLES)}, and freezes in ${daysLeft} days at ${amountText(perDay, CYCLES)} a day for its memory and module alone`
  return check('cycles', level, text, topUp)
}

function creationCheck(
  name: string,
  { balance, liquid = balance, createdToday, daily, reserve }: CyclesReport,
  topUp: string,
): Check {
  if (liquid < reserve) {
    const message = `${name} has less than its reserve of ${amountText(reserve, CYCLES)}, so nothing new is made; what is there works`
    return check('creations', 'warn', message, topUp)
  }
  const text = `${name} made ${createdToday} of ${daily} that it makes in a day`
  return check(
    'creations',
    createdToday >= daily ? 'warn' : 'ok',
    text,
    'wait until tomorrow (UTC)',
  )
}
