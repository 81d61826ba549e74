/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
import {
  agreementChecks,
  type Check,
  check,
  clockCheck,
  endpointChecks,
} from '../../shared/checks.ts'
import { OPERATION_GAS } from '../deploy/costs.ts'
import type { ChainReport, ChainState } from './inspect.ts'
import { ether, gwei } from '../deploy/units.ts'

export interface JudgeOptions {
  /** Operations, each adding a member, that the account should be able to pay. */
  readonly operations: number
  /** Whether the node sends by itself, and so needs an account with funds. */
  readonly isPaying: boolean
}

/** All checks, in the order in which problems are best solved. */
export function judge(report: ChainReport, options: JudgeOptions): readonly Check[] {
  const { state } = report
  return [
    ...endpointChecks(report.endpoints, `chain ${report.chainId}`),
    ...subscriptionChecks(report),
    ...(state === undefined
      ? []
      : [
          ...agreementChecks(report.endpoints, state.finalHashes),
          clockCheck(state.clockSkewSeconds),
          ...contractChecks(report, state),
          feeCheck(report, state),
          ...accountChecks(state, options),
        ]),
  ]
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
      : missing.map(({ name, address }) =>
          check(
            'contracts',
            'fail',
            `no ${name} at ${address}`,
            `deploy with \`merogate chain deploy\`, or use the deployment file of ${network}`,
          ),
        )
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
      check(
        'release',
        'fail',
        `the code of ${name} at ${address} is not that of this release: the node sends it nothing`,
        'use the deployment file of your group’s network, or the release that made it; see UPGRADING.md',
      ),
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

function accountChecks(
  { account, fees }: ChainState,
  { operations, isPaying }: JudgeOptions,
): Check[] {
  if (account === undefined) {
    if (!isPaying) return []
    const next = 'set key_file, key_env or relayer_url, unless this node only ever reads'
    return [check('account', 'warn', 'this node has no account to pay with', next)]
  }
  const { address, balance, pending } = account
  const one = OPERATION_GAS.addMember * (fees.baseFee + fees.tip)
  const left = one === 0n ? BigInt(operations) : balance / one
  const level = left < 1n ? 'fail' : left < BigInt(operations) ? 'warn' : 'ok'
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
