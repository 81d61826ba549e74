/** Judges what {@link inspectChain} saw: a list for people and scripts, with what to do next. Pure. */
import type { Check, Level } from '../../shared/checks.ts'
import { OPERATION_GAS } from '../deploy/costs.ts'
import type { ChainReport, ChainState } from './inspect.ts'
import { ether, gwei } from '../deploy/units.ts'

/** Blocks that an endpoint may lie behind the foremost. */
const MAX_LAG_BLOCKS = 5
/** Seconds between this machine's clock and the chain's: a block takes 12, and requests are valid for minutes. */
const WARN_SKEW_SECONDS = 60
const MAX_SKEW_SECONDS = 300

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
    ...endpointChecks(report),
    ...subscriptionChecks(report),
    ...(state === undefined
      ? []
      : [
          ...agreementChecks(report, state),
          clockCheck(state),
          ...contractChecks(report, state),
          feeCheck(report, state),
          ...accountChecks(state, options),
        ]),
  ]
}

function check(name: string, level: Level, message: string, next?: string): Check {
  return { name, level, message, ...(next === undefined || level === 'ok' ? {} : { next }) }
}

function endpointChecks({ endpoints, chainId }: ChainReport): Check[] {
  const isAnyOk = endpoints.some(({ state }) => state === 'ok')
  return endpoints.map(({ name, state, reason = '', latencyMs = 0, head = 0 }) => {
    if (state === 'ok') {
      return check('endpoint', 'ok', `${name}: chain ${chainId}, block ${head}, ${latencyMs} ms`)
    }
    if (state === 'wrong-chain') {
      const next = 'take it out of rpc_urls, or use the deployment file of its chain'
      return check('endpoint', 'fail', reason, next)
    }
    const next = 'check the address and the key in it; it is passed over while others answer'
    return check('endpoint', isAnyOk ? 'warn' : 'fail', reason, next)
  })
}

function subscriptionChecks({ subscription }: ChainReport): Check[] {
  if (subscription === undefined) return []
  const { failure } = subscription
  if (failure === undefined) return [check('subscription', 'ok', 'new blocks are announced')]
  const next = 'check ws_url; until then changes are found by looking every few seconds'
  return [check('subscription', 'warn', `ws_url: ${failure}`, next)]
}

function agreementChecks({ endpoints }: ChainReport, { finalHashes }: ChainState): Check[] {
  const heads = endpoints.flatMap(({ name, head }) => (head === undefined ? [] : [{ name, head }]))
  const foremost = Math.max(...heads.map(({ head }) => head))
  const late = heads.filter(({ head }) => foremost - head > MAX_LAG_BLOCKS)
  const checks = late.map(({ name, head }) =>
    check(
      'lag',
      'warn',
      `${name} is ${foremost - head} blocks behind`,
      'put it last in rpc_urls, or replace it',
    ),
  )
  if (heads.length < 2) return checks
  const isAgreed = new Set(finalHashes.map(({ hash }) => hash)).size <= 1
  const shown = finalHashes.map(({ endpoint, hash }) => `${endpoint} ${hash.slice(0, 10)}`)
  return [
    ...checks,
    isAgreed
      ? check('agreement', 'ok', 'the endpoints agree on the newest final block')
      : check(
          'agreement',
          'fail',
          `the endpoints have different final blocks: ${shown.join(', ')}`,
          'one of them is on a fork or lies: keep those you trust',
        ),
  ]
}

function clockCheck({ clockSkewSeconds }: ChainState): Check {
  const off = Math.abs(clockSkewSeconds)
  const level = off > MAX_SKEW_SECONDS ? 'fail' : off > WARN_SKEW_SECONDS ? 'warn' : 'ok'
  const where = clockSkewSeconds > 0 ? 'behind' : 'ahead of'
  const message = `this machine is ${off} s ${where} the chain`
  return check(
    'clock',
    level,
    message,
    'set the clock (NTP); or the endpoint has stopped following',
  )
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
