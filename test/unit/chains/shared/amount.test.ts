import { expect } from 'chai'
import { amountText } from '../../../../src/chains/shared/amount.ts'

describe('an amount', () => {
  const ROWS: readonly [amount: bigint, decimals: number, text: string][] = [
    [0n, 18, '0 X'],
    [1n, 18, '<0.000001 X'],
    [999_999_999_999n, 18, '<0.000001 X'],
    [1_000_000_000_000n, 18, '0.000001 X'],
    [1_500_000_000_000_000_000n, 18, '1.5 X'],
    [123_000_000_000_000_000_000n, 18, '123 X'],
    [12_345_678n, 7, '1.234567 X'],
    [7n, 0, '7 X'],
    [1_230_000_000_000_000_000_000_000n, 24, '1.23 X'],
  ]
  for (const [amount, decimals, text] of ROWS) {
    it(`of ${amount} with ${decimals} decimals is ${text}`, () => {
      expect(amountText(amount, { symbol: 'X', decimals })).to.equal(text)
    })
  }
})
