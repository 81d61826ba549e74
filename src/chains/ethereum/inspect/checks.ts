/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
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
import { OPERATION_GAS } from '../deploy/costs.ts'
import type { ChainReport, ChainState } from './inspect.ts'
import { ether, gwei } from '../deploy/units.ts'

export function judge(report: ChainReport, options: JudgeOptions): readonly Check[] {
  return checksOf(report, {
    before: subscriptionChecks(report),
    rest: (state) => [
      ...contractChecks(report, state),
      feeCheck(report, state),
      ...accountChecks(state, options),
    ],
  })
}

function subscriptionChecks({ subscription }: ChainReport): Check[] {
  if (subscription === undefined) return []
  const { failure } = subscription
  if (failure === undefined) return [check('subscription', 'ok', 'new blocks are announced')]
  const next = 'check ws_url; until then changes are found by looking every few seconds'
  return [check('subscription', 'warn', `ws_url: ${failure}`, next)]
}

function contractChecks(
  { expectedRegistry, network }: ChainReport,
  { contracts, registry }: ChainState,
): Check[] {
  const missing = contracts.filter(({ isPresent }) => !isPresent)
  const others = contracts.filter(({ isPresent, isOurs }) => isPresent && !isOurs)
  const presence =
    missing.length === 0
      ? [check('contracts', 'ok', `all ${contracts.length} contracts are there`)]
      : missing.map(({ name, address }) => missingContract(name, address, network))
  const isTold = registry?.toLowerCase() === expectedRegistry.toLowerCase()
  return [
    ...presence,
    isTold
      ? check('registry', 'ok', 'the context contract uses the registry of the deployment')
      : check(
          'registry',
          'fail',
          `the context contract answers ${registry ?? 'nothing'} for its registry, expected ${expectedRegistry}`,
          'the deployment file mixes deployments: write it again with `merogate chain deploy`',
        ),
    ...others.map(({ name, address }) =>
      otherRelease(`the code of ${name} at ${address} is not that of this release`),
    ),
  ]
}

function feeCheck({ maxFeePerGas }: ChainReport, { fees }: ChainState): Check {
  const { baseFee, tip } = fees
  const asked = baseFee + tip
  const isBelow = asked <= maxFeePerGas
  const level = !isBelow ? 'fail' : 2n * baseFee + tip > maxFeePerGas ? 'warn' : 'ok'
  const message = `the chain asks for ${gwei(asked)} per gas, the ceiling is ${gwei(maxFeePerGas)}`
  return check('fee', level, message, 'raise max_fee_gwei, or wait')
}

function accountChecks({ account, fees }: ChainState, options: JudgeOptions): readonly Check[] {
  if (account === undefined) return noAccountChecks(options)
  const { operations } = options
  const { address, balance, pending } = account
  const one = OPERATION_GAS.addMember * (fees.baseFee + fees.tip)
  const { left, level } = enough(balance, one, operations)
  const text = `${address} has ${ether(balance)}, enough for about ${left} operations`
  return [
    check('balance', level, text, `send it ${ether(one * BigInt(operations))} or more`),
    pending === 0
      ? check('pending', 'ok', 'no transaction waits')
      : check(
          'pending',
          'warn',
          `${pending} transactions of ${address} wait to be mined`,
          'look again in a minute; if they stay, a running node offers more for them: see max_fee_gwei',
        ),
  ]
}
