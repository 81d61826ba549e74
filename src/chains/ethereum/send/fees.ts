/** What a transaction offers per gas (EIP-1559), and when that is too much. */
import { toQuantity } from 'ethers'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { ethereumError } from '../errors.ts'
import { ether, gwei } from '../deploy/units.ts'
import { BUMP_PERCENT, DEFAULT_MAX_TIP_PER_GAS, MIN_BUMP_PERCENT } from '../limits.ts'
import type { Endpoint } from '../../shared/endpoints.ts'
import { rpcErrorKind } from '../rpc/rpc-errors.ts'

/** Blocks whose tips are looked at, two minutes of mainnet. */
const TIP_BLOCKS = 10

/** Wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** What an operator is ready to pay. */
export interface FeeRule {
  /** Most per gas, wei. */
  readonly maxFeePerGas: bigint
  /**
   * Most of that to whoever makes the block, wei. The rest of a price is burnt at the chain's own rate, so this alone is what an endpoint could talk
   * somebody into. @default DEFAULT_MAX_TIP_PER_GAS
   */
  readonly maxTipPerGas?: bigint | undefined
}

/** What the chain asks for at this moment, wei per gas. */
export interface PresentFees {
  /** Of the next block. */
  readonly baseFee: bigint
  /** The usual tip, or the least that everybody takes. */
  readonly tip: bigint
}

/**
 * Asks an endpoint what gas costs now. Where there is no fee history the newest block tells its own base fee.
 * @throws ETHEREUM_UNSUPPORTED (missing) on a chain without a fee market (EIP-1559)
 */
export async function readPresentFees(endpoint: Endpoint): Promise<PresentFees> {
  const { base, tip = MIN_TIP } = (await readHistory(endpoint)) ?? {}
  // chains from before fee markets answer a history of zeros
  const baseFee = base === undefined || base === 0n ? await readBaseFee(endpoint) : base
  // a tip of nothing is not taken by everybody
  return { baseFee, tip: tip > MIN_TIP ? tip : MIN_TIP }
}

async function readHistory(endpoint: Endpoint): Promise<{ base: bigint; tip: bigint } | undefined> {
  let history: unknown
  try {
    history = await endpoint.send('eth_feeHistory', [toQuantity(TIP_BLOCKS), 'latest', [50]])
  } catch (error) {
    if (rpcErrorKind(error) === 'other') return undefined // not every chain has it
    throw error
  }
  if (typeof history === 'object' && history !== null) {
    const { baseFeePerGas, reward } = history as { baseFeePerGas?: unknown; reward?: unknown } // each is checked
    const base: unknown = Array.isArray(baseFeePerGas) ? baseFeePerGas.at(-1) : undefined
    if (isAmount(base)) return { base: BigInt(base), tip: usualTip(reward) }
  }
  throw badAnswer(endpoint.name, 'a fee history of another shape')
}

/** The median of the blocks' medians, 0 for an empty one: a single transaction that pays too much must not make everybody do so. */
function usualTip(reward: unknown): bigint {
  const rows: readonly unknown[] = Array.isArray(reward) ? reward : []
  const tips = rows
    .map((row) => {
      const middle: unknown = Array.isArray(row) ? row[0] : undefined
      return isAmount(middle) ? BigInt(middle) : 0n
    })
    .sort((a, b) => Number(a - b))
  return tips[(tips.length - 1) >> 1] ?? 0n
}

async function readBaseFee(endpoint: Endpoint): Promise<bigint> {
  const block = await endpoint.send('eth_getBlockByNumber', ['latest', false])
  if (typeof block !== 'object' || block === null) throw badAnswer(endpoint.name, 'no block')
  const base = 'baseFeePerGas' in block ? block.baseFeePerGas : undefined
  if (isAmount(base)) return BigInt(base)
  throw ethereumError(
    'ETHEREUM_UNSUPPORTED',
    `the chain at ${endpoint.name} has no base fee (EIP-1559), which the transactions of this node need`,
    { endpoint: endpoint.name },
  )
}

/** Wei, as an endpoint writes them. */
function isAmount(value: unknown): value is string {
  return typeof value === 'string' && /^0x[0-9a-f]{1,32}$/i.test(value)
}

/**
 * What to offer now for so much gas: twice the base fee, so that six full blocks do not outrun it, and the usual tip. @throws CHAIN_FEE (limit)
 */
export async function readFees(endpoint: Endpoint, rule: FeeRule, gas: bigint): Promise<Fees> {
  return offerFor(await readPresentFees(endpoint), rule, gas)
}

/** What to offer when the chain asks for this. @throws CHAIN_FEE (limit), which says what the gas would cost */
export function offerFor(present: PresentFees, rule: FeeRule, gas: bigint): Fees {
  const { baseFee } = present
  const { maxFeePerGas: max, maxTipPerGas: maxTip = DEFAULT_MAX_TIP_PER_GAS } = rule
  const least = baseFee + min(MIN_TIP, maxTip)
  if (least > max) {
    const cost = gas * least
    throw ethereumError(
      'CHAIN_FEE',
      `the chain asks for ${gwei(least)} per gas, more than the ceiling of ${gwei(max)}: ${gas} gas would cost ${ether(cost)}. Raise max_fee_gwei, or wait`,
      { asked: String(least), max: String(max), gas: String(gas), cost: String(cost) },
    )
  }
  // what is usual must not keep us from offering what is possible, and one high above may be an endpoint's invention. Half of the ceiling at first,
  // so that more can be offered for what is stuck
  const usual = min(present.tip, greater(maxTip / 2n, min(MIN_TIP, maxTip)))
  const tip = min(usual, max - baseFee)
  return { maxFeePerGas: min(2n * baseFee + tip, max), maxPriorityFeePerGas: tip }
}

/** Wei per gas, 0.1 gwei. */
const MIN_TIP = 100_000_000n

/**
 * What replaces an offer: a quarter more, or the present price where that is higher, or what the ceiling leaves. Undefined when that is less
 * than nodes take for a replacement.
 */
export function raiseFees(old: Fees, present: Fees, rule: FeeRule): Fees | undefined {
  const { maxFeePerGas: max, maxTipPerGas: maxTip = DEFAULT_MAX_TIP_PER_GAS } = rule
  const raise = (before: bigint, now: bigint, most: bigint): bigint =>
    min(greater(percent(before, 100n + BUMP_PERCENT), now), most)
  const isEnough = (before: bigint, now: bigint): boolean =>
    now >= percent(before, 100n + MIN_BUMP_PERCENT)
  const maxFeePerGas = raise(old.maxFeePerGas, present.maxFeePerGas, max)
  const { maxPriorityFeePerGas: tip } = old
  const maxPriorityFeePerGas = raise(tip, present.maxPriorityFeePerGas, min(max, maxTip))
  return isEnough(old.maxFeePerGas, maxFeePerGas) &&
    isEnough(old.maxPriorityFeePerGas, maxPriorityFeePerGas)
    ? { maxFeePerGas, maxPriorityFeePerGas }
    : undefined
}

/** So many hundredths of an amount, rounded up. */
function percent(amount: bigint, hundredths: bigint): bigint {
  return (amount * hundredths + 99n) / 100n
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
