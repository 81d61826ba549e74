/** Amounts of ether as people read them. */
import { amountText } from '../../shared/amount.ts'

/** Wei as ether: `0.0123 ETH`. */
export function ether(wei: bigint): string {
  return amountText(wei, { symbol: 'ETH', decimals: 18 })
}

/** Wei as gwei: `1.5 gwei`. */
export function gwei(wei: bigint): string {
  return amountText(wei, { symbol: 'gwei', decimals: 9 })
}
