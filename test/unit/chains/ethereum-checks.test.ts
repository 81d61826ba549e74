import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { judge } from '../../../src/chains/ethereum/inspect/checks.ts'
import type { Check, JudgeOptions } from '../../../src/chains/shared/checks.ts'
import { OPERATION_GAS, operationCosts } from '../../../src/chains/ethereum/deploy/costs.ts'
import type { ChainReport, ChainState } from '../../../src/chains/ethereum/inspect/inspect.ts'
import { totals } from '../../../src/chains/ethereum/deploy/quote.ts'
import { ether, gwei } from '../../../src/chains/ethereum/deploy/units.ts'

const SNAPSHOT = join(import.meta.dirname, '../../../contracts/ethereum/gas.json')

interface Snapshot {
  readonly operations: Readonly<Record<string, { readonly sender?: number }>>
}

const GWEI = 1_000_000_000n
const REGISTRY = `0x${'aB'.repeat(20)}`
const ACCOUNT = `0x${'11'.repeat(20)}`

const OPTIONS: JudgeOptions = { operations: 10, isPaying: true }

const STATE: ChainState = {
  head: { number: 100, ageSeconds: 3 },
  final: { number: 90, ageSeconds: 120 },
  clockSkewSeconds: 2,
  contracts: [{ name: 'ContextAnchor', address: ACCOUNT, isPresent: true, isOurs: true }],
  registry: REGISTRY.toLowerCase(),
  account: { address: ACCOUNT, balance: 10n ** 18n, pending: 0 },
  fees: { baseFee: GWEI, tip: GWEI / 10n },
  costs: [],
  finalHashes: [
    { endpoint: 'a', hash: '0x01' },
    { endpoint: 'b', hash: '0x01' },
  ],
}

const REPORT: ChainReport = {
  network: 'sepolia',
  chainId: 11_155_111,
  finality: 'safe',
  maxFeePerGas: 100n * GWEI,
  expectedRegistry: REGISTRY,
  endpoints: [
    { name: 'a', state: 'ok', chainId: 11_155_111, latencyMs: 5, head: 100, final: 90 },
    { name: 'b', state: 'ok', chainId: 11_155_111, latencyMs: 9, head: 98, final: 90 },
  ],
  state: STATE,
  subscription: undefined,
}

function judged(state: Partial<ChainState>, options: JudgeOptions = OPTIONS): readonly Check[] {
  return judge({ ...REPORT, state: { ...STATE, ...state } }, options).filter(
    ({ level }) => level !== 'ok',
  )
}

describe('the checks of a chain', () => {
  it('are all well when it is', () => {
    const checks = judge(REPORT, OPTIONS)
    expect(checks.filter(({ level, next }) => level !== 'ok' || next !== undefined)).to.deep.equal(
      [],
    )
  })

  const ROWS: readonly [string, Partial<ChainState>, string, string][] = [
    ['a clock some minutes off', { clockSkewSeconds: -61 }, 'clock', 'warn'],
    ['a clock far off', { clockSkewSeconds: 301 }, 'clock', 'fail'],
    ['no answer for the registry', { registry: undefined }, 'registry', 'fail'],
    [
      'an empty account',
      { account: { address: ACCOUNT, balance: 0n, pending: 0 } },
      'balance',
      'fail',
    ],
    [
      'an account for one operation',
      { account: { address: ACCOUNT, balance: OPERATION_GAS.addMember * 2n * GWEI, pending: 0 } },
      'balance',
      'warn',
    ],
    ['a fee above the ceiling', { fees: { baseFee: 100n * GWEI, tip: 1n } }, 'fee', 'fail'],
    ['a fee that may rise above it', { fees: { baseFee: 60n * GWEI, tip: 1n } }, 'fee', 'warn'],
    ['no account', { account: undefined }, 'account', 'warn'],
    [
      'forks',
      {
        finalHashes: [
          { endpoint: 'a', hash: '0x01' },
          { endpoint: 'b', hash: '0x02' },
        ],
      },
      'agreement',
      'fail',
    ],
  ]
  for (const [what, state, name, level] of ROWS) {
    it(`say ${level} about ${what}, and what to do`, () => {
      const [check, ...others] = judged(state)
      expect(others).to.deep.equal([])
      expect(check).to.include({ name, level })
      expect(check?.next).to.be.a('string')
    })
  }

  it('ask for no account where a relayer pays', () => {
    expect(judged({ account: undefined }, { ...OPTIONS, isPaying: false })).to.deep.equal([])
  })

  it('warn of an endpoint that lags by more than five blocks', () => {
    const [a, b] = REPORT.endpoints
    if (a === undefined || b === undefined) return expect.fail('expected two endpoints')
    const late = judge({ ...REPORT, endpoints: [a, { ...b, head: 94 }] }, OPTIONS)
    expect(late.filter(({ name }) => name === 'lag')).to.have.length(1)
    const near = judge({ ...REPORT, endpoints: [a, { ...b, head: 95 }] }, OPTIONS)
    expect(near.filter(({ name }) => name === 'lag')).to.have.length(0)
  })

  it('stop at the endpoints when none can be used', () => {
    const endpoints = [{ name: 'a', state: 'unreachable', reason: 'no answer' }] as const
    const checks = judge({ ...REPORT, endpoints, state: undefined }, OPTIONS)
    expect(checks.map(({ name, level }) => [name, level])).to.deep.equal([['endpoint', 'fail']])
  })
})

describe('the price of a deployment', () => {
  const FEES = { baseFee: 10n, tip: 2n }

  it('sums gas and value, now and at the ceiling', () => {
    const sums = totals([{ gas: 100n, value: 7n }, { gas: 200n }], FEES, 50n)
    expect(sums).to.include({ totalGas: 300n, totalCost: 300n * 12n + 7n, ceilingCost: 15_007n })
  })

  it('needs what every transaction may use at most while it waits', () => {
    // 120 percent of the gas at twice the base fee and the tip
    expect(totals([{ gas: 100n }], FEES, 50n).needed).to.equal(120n * 22n)
    expect(totals([{ gas: 100n }], FEES, 15n).needed).to.equal(120n * 15n)
    expect(totals([{ gas: 100n }, { gas: 100n }], FEES, 50n).needed).to.equal(1200n + 120n * 22n)
    expect(totals([{ gas: 0n }], FEES, 50n).needed).to.equal(0n)
  })

  it('takes the gas of operations from the snapshot, rounded up', () => {
    const { operations } = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Snapshot
    const each = (name: string, count = 1): number => (operations[name]?.sender ?? 0) * count
    const measured = {
      bind: each('bind'),
      createContext: each('createOwnGroup'),
      addMember: each('addOne'),
      addSixteenMembers: each('addSixteenEach', 16),
      removeMember: each('removeOne'),
      updateApplication: each('updateApplication'),
    }
    for (const { operation, gas } of operationCosts(1n)) {
      expect(Number(gas) / measured[operation], operation).to.be.within(1, 1.1)
    }
  })

  it('lists every operation', () => {
    const costs = operationCosts(GWEI)
    expect(costs).to.have.length(Object.keys(OPERATION_GAS).length)
    for (const { gas, wei } of costs) expect(wei).to.equal(gas * GWEI)
  })
})

describe('amounts', () => {
  it('are shown with six digits, and never as nothing when they are something', () => {
    expect(ether(0n)).to.equal('0 ETH')
    expect(ether(1n)).to.equal('<0.000001 ETH')
    expect(ether(1_234_567_890_123_456_789n)).to.equal('1.234567 ETH')
    expect(ether(5n * 10n ** 18n)).to.equal('5 ETH')
    expect(gwei(1_500_000_000n)).to.equal('1.5 gwei')
  })
})
