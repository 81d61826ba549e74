/** Amounts as people read them. */
import { formatUnits } from 'ethers'

/** Digits behind the point that are shown. */
const DIGITS = 6

/** Wei as ether: `0.0123 ETH`. What is too small to show is said to be. */
export function ether(wei: bigint): string {
  return `${shown(wei, 'ether')} ETH`
}

/** Wei as gwei: `1.5 gwei`. */
export function gwei(wei: bigint): string {
  return `${shown(wei, 'gwei')} gwei`
}

function shown(wei: bigint, unit: 'ether' | 'gwei'): string {
  const [whole = '0', part = ''] = formatUnits(wei, unit).split('.')
  const digits = part.slice(0, DIGITS).replace(/0+$/, '')
  if (digits !== '') return `${whole}.${digits}`
  return whole === '0' && wei > 0n ? `<0.${'1'.padStart(DIGITS, '0')}` : whole
}
