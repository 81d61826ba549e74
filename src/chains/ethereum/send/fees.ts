/** What a transaction offers per gas (EIP-1559), and when that is too much. */
import { toQuantity } from 'ethers'
import { badAnswer } from '../../../node/anchor/errors.ts'
import { ethereumError } from '../errors.ts'
import { BUMP_PERCENT, MIN_BUMP_PERCENT } from '../limits.ts'
import type { Endpoint } from '../rpc/rpc.ts'
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
 * @throws ETHEREUM_UNSUPPORTED (protocol) on a chain without a fee market (EIP-1559)
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

/** What to offer now: twice the base fee, so that six full blocks do not outrun it, and the usual tip. @throws ETHEREUM_FEE (limit) */
export async function readFees(endpoint: Endpoint, rule: FeeRule): Promise<Fees> {
  return offerFor(await readPresentFees(endpoint), rule)
}

/** What to offer when the chain asks for this. @throws ETHEREUM_FEE (limit) */
export function offerFor(present: PresentFees, rule: FeeRule): Fees {
  const { baseFee } = present
  const max = rule.maxFeePerGas
  if (baseFee + MIN_TIP > max) {
    throw ethereumError(
      'ETHEREUM_FEE',
      `the chain asks for ${baseFee + MIN_TIP} wei per gas, more than the ceiling of ${max}: raise max_fee_gwei, or wait`,
      { asked: String(baseFee + MIN_TIP), max: String(max) },
    )
  }
  // what is usual must not keep us from offering what is possible, and one high above may be an endpoint's invention
  const tip = min(present.tip, max - baseFee)
  return { maxFeePerGas: min(2n * baseFee + tip, max), maxPriorityFeePerGas: tip }
}

/** Wei per gas, 0.1 gwei. */
const MIN_TIP = 100_000_000n

/**
 * What replaces an offer: a quarter more, or the present price where that is higher, or what the ceiling leaves. Undefined when that is less
 * than nodes take for a replacement.
 */
export function raiseFees(old: Fees, present: Fees, rule: FeeRule): Fees | undefined {
  const max = rule.maxFeePerGas
  const raise = (before: bigint, now: bigint): bigint => {
    const more = percent(before, 100n + BUMP_PERCENT)
    return min(more > now ? more : now, max)
  }
  const isEnough = (before: bigint, now: bigint): boolean =>
    now >= percent(before, 100n + MIN_BUMP_PERCENT)
  const maxFeePerGas = raise(old.maxFeePerGas, present.maxFeePerGas)
  const maxPriorityFeePerGas = raise(old.maxPriorityFeePerGas, present.maxPriorityFeePerGas)
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
