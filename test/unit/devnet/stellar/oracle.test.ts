/** What `npm run oracle stellar` asks of the other host, and how it holds the answers against ours. Without that host. */
import { readFile } from 'node:fs/promises'
import { Operation, xdr } from '@stellar/stellar-sdk'
import { expect } from 'chai'
import { compare } from '../../../oracle/stellar/compare.ts'
import { call, deploy, Player } from '../../../oracle/stellar/play.ts'
import { type Answered, Recording, type Told } from '../../../oracle/stellar/recording.ts'
import { KEEPER } from '../../../support/stellar-wat.ts'

const upload = (): ReturnType<typeof Operation.uploadContractWasm> =>
  Operation.uploadContractWasm({ wasm: KEEPER })

async function linesOf<T>(file: string): Promise<T[]> {
  const text = await readFile(file, 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T) // our own file
}

async function* answersOf(told: readonly Told[]): AsyncGenerator<string> {
  for (const one of told) yield JSON.stringify(one)
}

describe('what is recorded of a local Stellar network', () => {
  it('is every simulation, after the entries that changed since the one before it, by transactions or by going back', async () => {
    using recording = await Recording.open()
    const player = new Player(recording)
    player.run(upload(), false)
    const before = player.chain.snapshot()
    player.run(upload())
    player.run(upload(), false)
    player.chain.revert(before)
    player.run(upload(), false)
    const lines = await linesOf<{ kind: string; data?: string | null }>(recording.questions)
    const kinds = lines.map(({ kind, data }) => (data === null ? 'gone' : kind))
    expect(kinds.join(' ')).to.equal(
      'settings entry entry call call entry entry call entry gone call',
    )
    expect(await linesOf(recording.answers)).to.have.length(4)
  })

  it('is held against the answers of the other: each difference, and instructions that are off by more than a tenth', async () => {
    using recording = await Recording.open()
    const player = new Player(recording)
    for (let i = 0; i < 5; i++) player.run(upload(), false)
    const told = (await linesOf<Answered>(recording.answers)).map((one) => one.told)
    const [a, b, c, d] = told
    if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error()
    const said: string[] = []
    const { shares, ...counts } = await compare(
      answersOf([
        a,
        { ...b, write_bytes: b.write_bytes + 1 },
        { ...c, instructions: Math.floor(c.instructions / 1.2) },
        { ...d, instructions: Math.floor(d.instructions / 1.05) },
        // the fifth is not answered
      ]),
      recording,
      (line) => said.push(line),
      false,
    )
    const calls = { hostFunctionTypeUploadContractWasm: 5 }
    expect(counts).to.deep.equal({ simulations: 5, same: 3, refused: 0, off: 1, calls })
    expect(shares.instructions).to.deep.equal([1, 1.2, 1.05])
    expect(said.map((line) => line.split(' ')[0])).to.deep.equal(['different:', 'off:'])
  })
})

describe('what failed calls used on a local Stellar network', () => {
  it('is counted as the host of the network counts it: all of what ran out, nothing of memory that was not given, no key of a signature that is none', async () => {
    using recording = await Recording.open()
    const player = new Player(recording)
    const contract = deploy(player, KEEPER)
    const used = (method: string, ...args: readonly xdr.ScVal[]): number => {
      const result = player.run(call(contract, method, ...args))
      if (result.kind !== 'failed') throw new RangeError(result.kind)
      return result.instructions
    }
    expect(used('loop')).to.be.within(99_000_000, 101_000_000)
    expect(used('deep')).to.be.within(500_000, 700_000)
    expect(used('grow', xdr.ScVal.scvU32(700))).to.be.below(4_000_000)
    const [digest, none] = [new Uint8Array(32), new Uint8Array(64)].map((bytes) =>
      xdr.ScVal.scvBytes(bytes),
    )
    if (digest === undefined || none === undefined) throw new Error()
    expect(used('secp256k1', digest, none, xdr.ScVal.scvU32(0))).to.be.below(500_000)
  })
})
