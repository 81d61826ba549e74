/**
 * The dearest request of each kind on the local network, whose limits are those of the test network. What they take on the host that nodes of Stellar have is
 * in `figures.json`, which `npm run oracle stellar-contracts` keeps true where there is a Rust compiler.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { fromHex } from '../../../src/node/primitives/bytes.ts'
import { type ContractName, StellarBench } from '../../support/stellar-contracts.ts'
import { signedVals } from '../../support/stellar-scene.ts'
import { type Case, dearestCases } from './dearest.ts'

/** What it took there. */
interface Figures {
  readonly instructions: number
  readonly memory: number
  readonly touched: number
  readonly written: number
  readonly writtenBytes: number
  readonly eventBytes: number
}

const FIGURES = JSON.parse(
  readFileSync(join(import.meta.dirname, 'figures.json'), 'utf8'),
) as Readonly<Record<string, Figures>> // our own file

describe('the dearest request to contracts on Stellar', function () {
  this.timeout(60_000)
  const bench = new StellarBench()
  const contracts: Partial<Record<ContractName, Uint8Array>> = {}
  let cases: readonly Case[] = []
  let snapshot: number

  before(async () => {
    const successor = bench.deploy('contexts', 'successor')
    for (const name of ['contexts', 'packages'] as const) {
      const contract = bench.deploy(name)
      contracts[name] = contract
      const all = await dearestCases({ domain: bench.domain(contract), successor })
      cases = [...cases, ...all.filter((one) => one.contract === name)]
    }
    snapshot = bench.snapshot()
  })

  /** What a case comes to. */
  const take = ({ contract: name, rows, step }: Case): ReturnType<StellarBench['call']> => {
    bench.revert(snapshot)
    const contract = contracts[name] ?? new Uint8Array(0)
    for (const [key, value] of rows) bench.plant(contract, fromHex(key), fromHex(value))
    bench.setTime(BigInt(step.now))
    const signed = { envelope: fromHex(step.envelope), signature: fromHex(step.signature) }
    return bench.call(contract, 'apply', ...signedVals(signed))
  }

  it('of each kind is within the limits of one transaction', () => {
    for (const one of cases.filter(({ fits }) => fits)) {
      const { error, instructions, footprint } = take(one)
      expect(error, one.name).to.equal(undefined)
      // a tenth less than there may be: that is as far as the local network's count is from the host's
      expect(instructions, one.name).to.be.lessThan(90_000_000)
      expect(footprint.readWrite.length, one.name).to.be.lessThan(51)
      expect(footprint.readWrite.length + footprint.readOnly.length).to.be.lessThan(101)
    }
  })

  it('of each kind takes what it does on the host that nodes have', () => {
    for (const one of cases.filter(({ fits }) => fits)) {
      const { instructions, footprint } = take(one)
      const { instructions: there = 0, written, touched } = FIGURES[one.name] ?? {}
      expect(footprint.readWrite.length, one.name).to.equal(written)
      expect(footprint.readOnly.length + footprint.readWrite.length).to.equal(touched)
      // the host of the tests counts nothing of how a transaction and its entries are read and written
      expect(instructions / there, one.name).to.be.within(0.98, 1.15)
    }
  })

  it('removes nine members of sixteen that others take the place of, and not ten', () => {
    const refused = cases.filter(({ fits }) => !fits)
    expect(refused.map(({ name }) => name)).to.deep.equal(['removeMembers, one more'])
    for (const one of refused) expect(take(one).error).to.equal('txSorobanInvalid')
  })
})
