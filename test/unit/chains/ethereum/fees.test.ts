import { expect } from 'chai'
import {
  type FeeRule,
  type Fees,
  raiseFees,
  readFees,
} from '../../../../src/chains/ethereum/send/fees.ts'
import { DEFAULT_MAX_TIP_PER_GAS } from '../../../../src/chains/ethereum/limits.ts'
import { isMerogateError } from '../../../../src/node/errors.ts'
import { codeOf } from '../../../compliance/anchor-support.ts'
import { type Answers, stubEndpoint } from '../../../support/stub-endpoint.ts'

const GWEI = 1_000_000_000n

function hex(value: bigint): string {
  return `0x${value.toString(16)}`
}

function history(baseFee: bigint, tip: bigint): Answers {
  return {
    eth_feeHistory: { baseFeePerGas: [hex(1n), hex(baseFee)], reward: [[hex(tip)]] },
    eth_getBlockByNumber: { baseFeePerGas: hex(baseFee) },
  }
}

/** Gas of an operation. */
const GAS = 200_000n
/** Ceilings in gwei: what is not said of the tip is high above what is asked. */
function rule(max: bigint = 100n, maxTip: bigint = 1000n): FeeRule {
  return { maxFeePerGas: max * GWEI, maxTipPerGas: maxTip * GWEI }
}

async function read(answers: Answers, ceilings: FeeRule = rule()): Promise<Fees> {
  return readFees(stubEndpoint(answers), ceilings, GAS)
}

/** Fees in gwei. */
function fees(maxFee: bigint, tip: bigint): Fees {
  return { maxFeePerGas: maxFee * GWEI, maxPriorityFeePerGas: tip * GWEI }
}

describe('ethereum fees', () => {
  it('offers twice the next base fee and the usual tip', async () => {
    expect(await read(history(10n * GWEI, 2n * GWEI))).to.deep.equal(fees(22n, 2n))
  })

  it('offers a small tip where none is usual', async () => {
    const { maxPriorityFeePerGas } = await read(history(10n * GWEI, 0n))
    expect(maxPriorityFeePerGas).to.equal(GWEI / 10n)
  })

  it('offers no more than the ceiling, and less tip before it gives up', async () => {
    expect(await read(history(60n * GWEI, 2n * GWEI))).to.deep.equal(fees(100n, 2n))
    expect(await read(history(99n * GWEI, 50n * GWEI))).to.deep.equal(fees(100n, 1n))
    expect(await codeOf(read(history(100n * GWEI, 0n)))).to.equal('CHAIN_FEE')
  })

  it('offers half of the ceiling of tips at first, whatever an endpoint calls usual', async () => {
    const offered = await read(history(10n * GWEI, 500n * GWEI), rule(200n, 3n))
    expect(offered.maxPriorityFeePerGas).to.equal((3n * GWEI) / 2n)
    const { maxPriorityFeePerGas } = await readFees(
      stubEndpoint(history(10n * GWEI, 500n * GWEI)),
      { maxFeePerGas: 200n * GWEI },
      GAS,
    )
    expect(maxPriorityFeePerGas, 'also where nothing was said').to.equal(
      DEFAULT_MAX_TIP_PER_GAS / 2n,
    )
  })

  it('never raises a tip above its ceiling, however often a transaction seems stuck', async () => {
    let offered = await read(history(10n * GWEI, 500n * GWEI), rule(200n, 3n))
    let raises = 0
    for (;;) {
      const more = raiseFees(offered, fees(200n, 500n), rule(200n, 3n))
      if (more === undefined) break
      offered = more
      raises++
    }
    expect(raises).to.equal(1)
    expect(offered).to.deep.equal(fees(200n, 3n))
  })

  it('says what it would have cost where the chain asks for more than the ceiling', async () => {
    const asked = read(history(300n * GWEI, 0n), rule(200n))
    const error: unknown = await asked.catch((thrown: unknown) => thrown)
    if (!isMerogateError(error, 'CHAIN_FEE')) throw error
    expect(error.details).to.deep.equal({
      chain: 'ethereum',
      asked: String((3001n * GWEI) / 10n),
      max: String(200n * GWEI),
      gas: String(GAS),
      cost: String((GAS * 3001n * GWEI) / 10n),
    })
    expect(error.message).to.include('0.06002 ETH')
  })

  it('reads the newest block where there is no fee history', async () => {
    const { eth_getBlockByNumber } = history(10n * GWEI, 0n)
    const { maxFeePerGas } = await read({ eth_getBlockByNumber })
    expect(maxFeePerGas).to.equal(20n * GWEI + GWEI / 10n)
  })

  it('takes a base fee of nothing where a block says so, and no fee market for unsupported', async () => {
    const free = history(0n, 0n)
    expect((await read(free)).maxFeePerGas).to.equal(GWEI / 10n)
    const legacy = { ...free, eth_getBlockByNumber: { number: '0x1' } }
    expect(await codeOf(read(legacy))).to.equal('ETHEREUM_UNSUPPORTED')
    expect(await codeOf(read({ eth_getBlockByNumber: {} }))).to.equal('ETHEREUM_UNSUPPORTED')
  })

  for (const answer of [
    null,
    'x',
    {},
    { baseFeePerGas: [] },
    { baseFeePerGas: ['ten'] },
    { baseFeePerGas: [{}] },
  ]) {
    it(`does not take ${JSON.stringify(answer)} for a fee history`, async () => {
      expect(await codeOf(read({ eth_feeHistory: answer }))).to.equal('ANCHOR_BAD_ANSWER')
    })
  }

  it('raises both parts by a quarter, or to the present price', () => {
    expect(raiseFees(fees(20n, 4n), fees(10n, 1n), rule())).to.deep.equal(fees(25n, 5n))
    expect(raiseFees(fees(20n, 4n), fees(40n, 8n), rule())).to.deep.equal(fees(40n, 8n))
  })

  it('raises to the ceiling while that counts as a replacement, and then no more', () => {
    expect(raiseFees(fees(90n, 4n), fees(200n, 4n), rule())).to.deep.equal(fees(100n, 5n))
    expect(raiseFees(fees(91n, 4n), fees(200n, 4n), rule())).to.equal(undefined)
    expect(raiseFees(fees(100n, 4n), fees(200n, 4n), rule())).to.equal(undefined)
  })
})
