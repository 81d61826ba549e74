import { expect } from 'chai'
import { judge } from '../../../../src/chains/icp/inspect/checks.ts'
import type {
  ChainReport,
  ContractReport,
  CyclesReport,
} from '../../../../src/chains/icp/inspect/inspect.ts'
import type { Check } from '../../../../src/chains/shared/checks.ts'

const T = 1_000_000_000_000n

const CYCLES: CyclesReport = {
  balance: 5n * T,
  liquid: 4n * T,
  memory: 1n << 20n,
  perDay: T / 1000n,
  daysLeft: 4000,
  createdToday: 3,
  daily: 1000,
  reserve: T,
}

const CONTRACT: ContractReport = {
  name: 'contexts',
  address: 'rwlgt-iiaaa-aaaaa-aaaaa-cai',
  codeHash: 'ab'.repeat(32),
  isOurs: true,
  controllers: [],
  cycles: CYCLES,
}

function judged(contract: Partial<ContractReport>): readonly Check[] {
  const report: ChainReport = {
    network: 'ic',
    chainId: 'ic',
    endpoints: [{ name: 'a', state: 'ok', chainId: 'ic', latencyMs: 5 }],
    state: { clockSkewSeconds: 1, finalHashes: [], contracts: [{ ...CONTRACT, ...contract }] },
  }
  return judge(report)
}

describe('the checks of the Internet Computer', () => {
  it('are all well when it is', () => {
    expect(judged({}).filter(({ level }) => level !== 'ok')).to.deep.equal([])
  })

  const ROWS: readonly [string, Partial<ContractReport>, string, string][] = [
    ['somebody who controls it', { controllers: ['2vxsx-fae'] }, 'controllers', 'warn'],
    ['no module', { codeHash: undefined, cycles: undefined }, 'contracts', 'fail'],
    ['the module of another release', { isOurs: false }, 'release', 'fail'],
    ['no answer', { cycles: undefined }, 'cycles', 'fail'],
    ['a month left', { cycles: { ...CYCLES, daysLeft: 30 } }, 'cycles', 'warn'],
    ['hours left', { cycles: { ...CYCLES, daysLeft: 0 } }, 'cycles', 'fail'],
    ['less than its reserve', { cycles: { ...CYCLES, liquid: T - 1n } }, 'creations', 'warn'],
    [
      'all made that a day allows',
      { cycles: { ...CYCLES, createdToday: 1000 } },
      'creations',
      'warn',
    ],
  ]
  for (const [what, contract, name, level] of ROWS) {
    it(`tell of a canister with ${what}, and what to do`, () => {
      const found = judged(contract).filter((check) => check.level !== 'ok')
      expect(found.map((check) => [check.name, check.level])).to.deep.equal([[name, level]])
      expect(found[0]?.next).to.be.a('string')
    })
  }
})
