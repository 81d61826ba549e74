/** Amounts as people read them. */

/** A chain's money, or a part of it. */
export interface Unit {
  /** As people write it behind an amount: `ETH`. */
  readonly symbol: string
  /** Digits behind the point of one unit: 18 where 10^18 of the smallest parts are one. */
  readonly decimals: number
}

/** Digits behind the point that are shown. */
const DIGITS = 6

/** An amount of the smallest parts in a unit: `0.0123 ETH`. What is too small to show is said to be. */
export function amountText(amount: bigint, { symbol, decimals }: Unit): string {
  const digits = amount.toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const whole = digits.slice(0, point)
  const part = digits.slice(point, point + DIGITS).replace(/0+$/, '')
  if (part !== '') return `${whole}.${part} ${symbol}`
  const isTooSmall = whole === '0' && amount > 0n
  return `${isTooSmall ? `<0.${'1'.padStart(DIGITS, '0')}` : whole} ${symbol}`
}
